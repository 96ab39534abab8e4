using System.Globalization;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Running;

/// <summary>
/// Runs Python code in a process, at a point at which that is safe. One or more runs with one namespace; nothing is left when it is disposed of.
/// docs/exec.md says which way is taken when.
/// </summary>
public sealed class CodeRunner : IDisposable
{
    private const int FirstPause = 300; // µs

    // Each call that was withdrawn has its place in the queue, which has 32, until it comes by.
    private const int MostWithdrawn = 3;

    private const int LongestPause = 5_000;

    private readonly RunTarget _target;
    private readonly bool _isSession;
    private readonly GilProgress _gil;
    private bool _hasNamespace;
    private ActiveRun? _active;

    private CodeRunner(RunTarget target, bool isSession)
    {
        _target = target;
        _isSession = isSession;
        _gil = new GilProgress(target);
    }

    public TargetInfo Target => _target.Live.Info;

    /// <param name="isSession">The namespace is kept from one run to the next.</param>
    /// <exception cref="UserError">
    /// Those of <see cref="Linux.LiveTarget.Open(int)"/> and <see cref="Kaa.Python.PythonProcess.Find"/>; busy, not-writable, no-room, no-function, not-running.
    /// </exception>
    public static CodeRunner Open(int pid, bool isSession) => new(RunTarget.Open(pid), isSession);

    /// <summary>Runs one piece of code, and returns when it has ended, or its time is up.</summary>
    /// <exception cref="UserError">no-safe-point, gil-held, and why calls can't be made in the process; nothing was run then.</exception>
    public ExecReport Run(RunRequest request)
    {
        long begun = Clock.Microseconds;
        long end = begun + (long)request.Timeout.TotalMicroseconds;
        var reasons = new RunReasons(_target.Pid);
        int pause = FirstPause;
        int withdrawn = 0;
        do
        {
            if (Attempt(request, reasons) is { } run)
            {
                if (withdrawn == MostWithdrawn || !run.TryLeaveQueue())
                    return Finish(run, request, begun, end);
                withdrawn++;
            }

            Clock.Sleep(pause);
            pause = Math.Min(pause * 2, LongestPause);
            if (!Directory.Exists(ProcRoot.System.Of(_target.Pid)))
                throw ProcessGate.Exited(_target.Pid);
        }
        while (Clock.Microseconds < end && !request.IsInterrupted() && !request.IsUnwanted());
        _target.Remove(null);
        throw reasons.ToError(request.Timeout);
    }

    /// <summary>Sends bytes to pdb; gives how many it took, negative where it is not there any more.</summary>
    public int Send(ReadOnlySpan<byte> bytes) => _target.Region?.Commands?.Send(bytes) ?? -1;

    /// <summary>pdb finds the end of its input: it takes away what it has set, and the program goes on.</summary>
    public void CloseCommands() => _target.Region?.Commands?.Dispose();

    /// <summary>Passes on what pdb has written, with the program running or not; false where it is over.</summary>
    public bool Pump(Action<RunRecord, ReadOnlyMemory<byte>> onRecord)
    {
        _active?.Pump(onRecord);
        return _active is { IsAtEnd: false } && Directory.Exists(ProcRoot.System.Of(_target.Pid));
    }

    public void Dispose()
    {
        if (_hasNamespace && _target.Region is not null)
            End();
        _target.Remove(null);
        _target.Dispose();
    }

    /// <summary>A last run, which lets go of the namespace.</summary>
    private void End()
    {
        try
        {
            _hasNamespace = false;
            Run(new RunRequest { Source = default, Timeout = TimeSpan.FromSeconds(2) });
        }
        catch (UserError)
        {
            // The process is gone, or never comes to a safe point: then the namespace stays where nobody sees it.
        }
    }

    private ActiveRun? Attempt(RunRequest request, RunReasons reasons)
    {
        (IReadOnlyList<RawThread> threads, IReadOnlyList<TargetThread> kernel) = _target.Glance();
        reasons.Clear();
        foreach (RunCandidate candidate in RunCandidate.Order(threads, kernel, request, _target, _target.Live.Glance(), _isSession))
        {
            if (candidate.Way == ExecWay.ParkedThread && _gil.WhyHeld(candidate.Thread, threads, kernel) is { } held)
            {
                reasons.Add(candidate.Tid, held, isGil: true);
                continue;
            }

            ActiveRun? run = null;
            string? why = null;
            if (!_target.WithOne(candidate.Tid, (process, tracee) => run = Begin(candidate, process, tracee, request, out why)))
                why = "it can't be stopped: it waits in a call that must not be disturbed, or in the kernel";
            if (run is not null)
                return run;
            reasons.Add(candidate.Tid, why ?? "it moved on");
        }

        return null;
    }

    private ActiveRun? Begin(RunCandidate candidate, HeldProcess held, Tracee tracee, RunRequest request, out string? why)
    {
        var point = new SafePoint(_target, held, tracee);
        why = point.WhyNot(candidate.Way);
        if (why is not null)
            return null;
        if (_target.Prepare(held, tracee) is { } hindrance)
        {
            why = "no system call can be made in it, because " + hindrance.Message;
            return null;
        }

        if (request.IsDebugger && !_target.TryMakePipe(tracee))
        {
            why = "no pipe can be made in it";
            return null;
        }

        return ActiveRun.Begin(_target, candidate.Way, tracee, point.Thread!, request, new RunState(_isSession, _hasNamespace), out why);
    }

    private ExecReport Watch(ActiveRun run, RunRequest request, long end)
    {
        bool isThrough = false;
        try
        {
            ExecReport report = run.Watch(request, end, _isSession);
            isThrough = true;
            return report;
        }
        catch (UserError)
        {
            isThrough = true;
            throw;
        }
        finally
        {
            if (!isThrough)
                run.LeaveAlone();
        }
    }

    private ExecReport Finish(ActiveRun run, RunRequest request, long begun, long end)
    {
        _active = run;
        ExecReport report = Watch(run, request, end);
        _hasNamespace = _isSession && !report.StillRunning && !request.Source.IsEmpty;
        if (!_isSession && !request.IsDebugger)
            _target.Remove(null);
        return report with { PauseMicroseconds = _target.PauseMicroseconds, Seconds = (Clock.Microseconds - begun) / 1e6 };
    }
}

/// <param name="IsSession">The namespace is kept.</param>
/// <param name="HasNamespace">There is one already.</param>
internal readonly record struct RunState(bool IsSession, bool HasNamespace);
