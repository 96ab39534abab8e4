using System.Globalization;
using System.Text;
using Kaa.Formats;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Running;

/// <summary>Code that a thread was sent to run, up to its end.</summary>
internal sealed class ActiveRun
{
    private const int Ready = 0;
    private const int Away = 2; // phase: it went back by itself
    private const int ShortPause = 100; // µs
    private const int LongPause = 1_000;
    private const int GraceMicroseconds = 3_000_000;
    private const int QueueMicroseconds = 300_000;

    private readonly RunTarget _target;
    private readonly RunRegion _region;
    private readonly RawThread _thread;
    private readonly ExecWay _way;
    private readonly RunOutput _output;
    private readonly RunInterruption _interruption;
    private readonly Action<RunRecord, ReadOnlyMemory<byte>> _onRecord;
    private SuspendedWork? _work;
    private long _taken;

    private ActiveRun(RunTarget target, ExecWay way, RawThread thread, RunRequest request, SuspendedWork? work)
    {
        _target = target;
        _region = target.Region!;
        _way = way;
        _thread = thread;
        _output = new RunOutput(_region.Output, request.KeepsOutput);
        _interruption = new RunInterruption(target, way, thread, _output);
        _onRecord = request.OnRecord;
        _work = work;
    }

    /// <summary>Nothing more will be written.</summary>
    public bool IsAtEnd => _output.IsDone;

    public void Pump(Action<RunRecord, ReadOnlyMemory<byte>> onRecord) => _output.Read(onRecord);

    private int Tid => _thread.Tid!.Value;

    /// <summary>On the thread that traces, with the thread stopped.</summary>
    public static ActiveRun? Begin(RunTarget target, ExecWay way, Tracee tracee, RawThread thread, RunRequest request, RunState state, out string? why)
    {
        RunRegion region = target.Region!;
        byte[] input = request.IsDebugger ? RunSource.Debugger(region.PipeNumber) : RunSource.Input(request.Source.Span, request.Name, request.InMain, state.IsSession, !state.IsSession || request.Source.IsEmpty);
        why = "there is no memory for the code";
        if (way == ExecWay.RemoteExec)
        {
            if (!region.Input.TryReplace(RunSource.Script(target.OwnPid, region.InputNumber, region.OutputNumber, target.Key, input)) || !ScriptRequest.Make(target, thread, region.InputNumber))
                return null;
            return new ActiveRun(target, way, thread, request, null);
        }

        if (!region.Input.TryReplace(input) || !region.TryWriteSource(state.HasNamespace ? RunSource.Next : RunSource.First(region.InputNumber, region.OutputNumber, target.Key)))
            return null;
        RunnerMode mode = way == ExecWay.PendingCall ? RunnerMode.AddPending : RunnerMode.Run;
        bool isLast = !request.IsDebugger && (!state.IsSession || request.Source.IsEmpty);
        SuspendedWork? work = SuspendedWork.Send(
            tracee, target.Tasks, target.Patch, region.Address, X64Runner.RunSlot,
            frame => X64Runner.SlotBytes(region.Address, mode, frame, !isLast, thread.Ident, target.Facts.ObjectOf(RunInterruption.Exception)));
        why = "its registers can't be changed";
        return work is null ? null : new ActiveRun(target, way, thread, request, work);
    }

    /// <summary>
    /// True where the thread that was to come by the queue of calls fell asleep in front of it, and the call was withdrawn: another way may do now.
    /// </summary>
    public bool TryLeaveQueue()
    {
        if (_way != ExecWay.PendingCall)
            return false;
        long end = Clock.Microseconds + QueueMicroseconds;
        while (Clock.Microseconds < end)
        {
            if (_region.Read(X64Runner.RunSlot, X64Runner.StateOffset) != Ready)
                return false;
            _ = IsOver();
            Clock.Sleep(ShortPause);
        }

        if (_target.Tasks.Stat(Tid) is not { State: 'S' } || !Withdraw())
            return false;
        _target.Remove(null);
        return true;
    }

    /// <summary>For a Kaa that can't go on: unless it is over, its code and its files stay for the thread that is in it.</summary>
    public void LeaveAlone()
    {
        if (!IsOver())
            _region.IsPromised = _region.AreFilesClosed = true;
    }

    /// <summary>Waits for the end, and passes on what comes meanwhile.</summary>
    /// <exception cref="UserError">no-safe-point: it had not begun, and was withdrawn.</exception>
    public ExecReport Watch(RunRequest request, long end, bool isSession)
    {
        bool isInterrupted = false;
        bool isUnwanted = false;
        while (!IsOver())
        {
            if (!isUnwanted && request.IsUnwanted())
            {
                isUnwanted = true;
                if (!_output.HasBegun && Withdraw())
                    throw Withdrew(request.Timeout);
            }

            bool isLate = (Clock.Microseconds >= end && !(request.IsOpenEnded && _output.HasBegun && !isInterrupted)) || request.IsInterrupted();
            if (isLate && !isInterrupted && Withdraw())
                throw Withdrew(request.Timeout);
            if (isLate && !isInterrupted)
            {
                isInterrupted = true;
                end = Clock.Microseconds + GraceMicroseconds;
                Interrupt(request.IsDebugger, end);
            }
            else if (isLate && Clock.Microseconds >= end)
            {
                // It goes back by itself when it is done, and closes its files.
                _region.IsPromised = _region.AreFilesClosed = true;
                if (isSession)
                    _region.Input.TryReplace(RunSource.Interruption(_target.Key, isLast: true));
                return Report(request) with { StillRunning = true };
            }

            else if (isLate)
            {
                _interruption.AskAgain();
            }

            bool hasNews = _output.Read(request.OnRecord);
            if (!Directory.Exists(ProcRoot.System.Of(_target.Pid)))
                throw Gone();
            if (_way == ExecWay.RemoteExec && WasRefused())
                throw Refused();
            Clock.Sleep(hasNews ? ShortPause : _output.HasBegun ? LongPause : ShortPause);
        }

        PutBack();

        // It may have ended since its output was last read. Its descriptors are closed then, and other files of the program may have their numbers.
        _output.ReadRest(request.OnRecord);
        _region.AreFilesClosed = (_output.IsDone && (!isSession || request.Source.IsEmpty)) || (request.IsDebugger && _output.HasBegun);
        return Report(request);
    }

    private UserError Gone() => _output.HasBegun
        ? new UserError("process-exited", string.Create(CultureInfo.InvariantCulture, $"process {_target.Pid} ended while it ran the code"), null)
        : ProcessGate.Exited(_target.Pid);

    /// <summary>The interpreter has taken the request, but could not open the script, or an audit hook forbade it.</summary>
    private bool WasRefused()
    {
        if (_output.HasBegun || ScriptRequest.IsWaiting(_target, _thread))
            _taken = 0;
        else if (_taken == 0)
            _taken = Clock.Microseconds;
        return _taken != 0 && Clock.Microseconds - _taken > GraceMicroseconds;
    }

    private UserError Refused()
    {
        _target.Remove(null);
        return new UserError("script-refused", "the interpreter took the script and did not run it", "an audit hook may forbid it; try --way pending-call or --way parked-thread");
    }

    private bool IsOver()
    {
        // Who has put the code into the queue is not needed any more, and goes on at once.
        if (_way == ExecWay.PendingCall && _work is not null && _region.Read(X64Runner.RunSlot, X64Runner.PhaseOffset) is > 0)
            PutBack();
        if (_way == ExecWay.RemoteExec)
            return _output.IsDone || (_output.HasBegun && _output.Read(_onRecord) && _output.IsDone);
        return _region.Read(X64Runner.RunSlot, X64Runner.StateOffset) is X64Runner.DoneState && (_way == ExecWay.PendingCall || _region.Read(X64Runner.RunSlot, X64Runner.PhaseOffset) is > 0);
    }

    private ExecReport Report(RunRequest request)
    {
        _output.Read(request.OnRecord);
        bool wasCutShort = !_output.Has(RunRecord.Exception) && !_output.IsDone && !request.IsDebugger && IsOver();
        return new ExecReport
        {
            WasCutShort = wasCutShort,
            Stdout = _output.Text(RunRecord.Output),
            Stderr = _output.Text(RunRecord.Error),
            Result = _output.Has(RunRecord.Result) ? _output.Text(RunRecord.Result) : null,
            Exception = _output.Has(RunRecord.Exception) ? _output.Text(RunRecord.Exception)
                : wasCutShort ? "the code was cut short before it could tell why: the process may have no memory left (ulimit -v, a control group)\n" : null,
            Tid = Tid,
            Way = _way,
        };
    }

    private void PutBack()
    {
        if (_work is { } work)
            Recall(work, X64Runner.RunSlot);
        _work = null;
    }

    /// <summary>
    /// Puts the thread back once it has done what it was sent for. Where it went by itself, or gets no processor for long, it may be in the code yet: as long as that is not
    /// known to be over, the code must stay.
    /// </summary>
    private void Recall(SuspendedWork work, int slot)
    {
        long end = Clock.Microseconds + GraceMicroseconds;
        bool isBack = false;
        while (!isBack && Clock.Microseconds < end)
        {
            if (_region.Read(slot, X64Runner.PhaseOffset) is not { } phase || _target.Tasks.Stat(work.Tid) is not { IsZombie: false })
                return;
            if (phase == Away)
                isBack = IsOutside(work.Tid);
            else if (phase != 0)
                _target.WithOne(work.Tid, (_, tracee) => isBack = TryPutBack(work, tracee, slot));
            if (!isBack)
                Clock.Sleep(ShortPause);
        }

        _region.IsPromised |= !isBack;
    }

    private bool TryPutBack(SuspendedWork work, Tracee tracee, int slot)
    {
        if (!tracee.HasRegisters || !X64Runner.IsParked(_region.Address, tracee.Registers) || _region.Read(slot, X64Runner.PhaseOffset) != 1)
            return false;
        work.PutBack(tracee);
        return true;
    }

    private bool IsOutside(int tid)
    {
        if (_target.Tasks.Syscall(tid) is { Running: false } call)
            return !X64Runner.Contains(_region.Address, call.InstructionPointer.Value);
        bool isOutside = false;
        _target.WithOne(tid, (_, tracee) => isOutside = tracee.HasRegisters && !X64Runner.Contains(_region.Address, tracee.Registers.Rip));
        return isOutside;
    }

    /// <summary>True where it had not begun, and never will.</summary>
    private bool Withdraw()
    {
        bool isWithdrawn = false;
        _target.WithOne(Tid, (_, _) => isWithdrawn = WithdrawHere());
        if (isWithdrawn && _way == ExecWay.PendingCall)
            PutBack();
        return isWithdrawn;
    }

    private bool WithdrawHere()
    {
        if (_way == ExecWay.RemoteExec)
            return ScriptRequest.TakeBack(_target, _thread);
        if (_region.Read(X64Runner.RunSlot, X64Runner.StateOffset) != Ready || !_region.Write(X64Runner.RunSlot, X64Runner.StateOffset, X64Runner.WithdrawnState))
            return false;

        // It is in the queue, or on its way: the code must stay until it comes by.
        _region.IsPromised = true;
        return true;
    }

    private UserError Withdrew(TimeSpan timeout)
    {
        var reasons = new RunReasons(_target.Pid);
        reasons.Add(Tid, _way == ExecWay.ParkedThread ? "it did not get the GIL" : "it came to no instruction of Python", isGil: _way == ExecWay.ParkedThread);
        _target.Remove(null);
        return reasons.ToError(timeout);
    }

    /// <summary>Raises KeyboardInterrupt in the code. It comes when the thread runs Python again: a call into C that does not return can't be interrupted so.</summary>
    private void Interrupt(bool isDebugger, long end)
    {
        bool isSent = false;
        while (!isSent && !IsOver() && Clock.Microseconds < end)
        {
            isSent = _interruption.TrySend(isDebugger, out SuspendedWork? work);
            if (work is not null)
                Recall(work, X64Runner.InterruptSlot);
            else if (!isSent)
                Clock.Sleep(ShortPause);
        }
    }
}
