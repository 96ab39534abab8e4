using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>
/// Follows calls of C functions by hooks of the agent at their entries: the thread that calls writes an event, with its Python stack, and runs on; here it is
/// read. A function that does not exist yet is looked for again whenever a library has been loaded. Children are followed where that is asked for: who makes one, or becomes another program,
/// waits until Kaa goes along (<see cref="ProcessGates"/>), and the new process stands still until it has its own agent.
/// </summary>
public sealed class CallTracer : IDisposable, IFollower<CalledProcess>
{
    private const int IdleMicroseconds = 500;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(20);

    private readonly TraceProgress _trace;
    private readonly GateChoice _gates;
    private readonly List<CalledProcess> _processes = [];
    private readonly ProcessFollowing<CalledProcess> _following;
    private IReadOnlyList<string>? _missing;
    private long _lost;

    private CallTracer(TraceRequest request, ITraceSink sink, bool isLaunched)
    {
        _trace = new TraceProgress(request, sink);
        _gates = request.Follow ? GateChoice.All : isLaunched ? GateChoice.Execs : GateChoice.None;
        _following = new ProcessFollowing<CalledProcess>(this, request.Follow);
    }

    /// <summary>Puts the agent in; all threads stand still for some milliseconds, once.</summary>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-such-symbol, too-many-symbols, not-hookable.</exception>
    public static CallTracer Attach(LiveTarget target, PythonProcess? python, TraceRequest request, ITraceSink sink)
    {
        var tracer = new CallTracer(request, sink, isLaunched: false);
        tracer._following.Pid = target.Info.Pid!.Value;
        tracer.Add(CalledProcess.Begin(target, python, null, tracer._gates, tracer._trace));
        return tracer;
    }

    /// <summary>Starts a program, and traces it from its first instruction on.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>.</exception>
    public static CallTracer Launch(IReadOnlyList<string> command, TraceRequest request, ITraceSink sink)
    {
        var tracer = new CallTracer(request, sink, isLaunched: true);
        tracer._following.Launch(command);
        tracer.Admit();
        return tracer;
    }

    /// <summary>The process that was asked for.</summary>
    public int Pid => _following.Pid;

    /// <summary>Exit status of the program, or 128 and the signal that ended it, where it ended before it could be traced.</summary>
    public int? EarlyEnd => _following.EarlyEnd;

    public TraceProgress Progress => _trace;

    /// <summary>Hits that the processes had no room to write down.</summary>
    public long Lost => _lost + _processes.Sum(process => process.Lost);

    public long PauseMicroseconds => _processes is [var first, ..] ? first.PauseMicroseconds : 0;

    /// <summary>Names that no function of any process has borne so far.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            IReadOnlyList<string>? missing = _missing;
            foreach (CalledProcess process in _processes)
                missing = Both(missing, process.Missing);
            return missing ?? [];
        }
    }

    /// <summary>Functions that are traced.</summary>
    public int Armed => _processes.Sum(process => process.Armed);

    /// <summary>Traces until it is told to end, the number of hits, or the end of the process, and of those that are followed.</summary>
    public void Run(Func<bool> isOver)
    {
        while (!_trace.IsOver && !isOver())
        {
            Admit();
            if (_processes.Count == 0 && !_following.IsAnyUnderWay)
                break;
            Step(isOver);
        }

        End();
    }

    public void Dispose()
    {
        foreach (CalledProcess process in _processes)
            process.Dispose();
    }

    private void Step(Func<bool> isOver)
    {
        bool any = false;
        for (int i = _processes.Count - 1; i >= 0; i--)
        {
            CalledProcess process = _processes[i];
            bool isAlive = process.IsAlive;
            any |= process.ReadAll(isOver);
            if (process.IsBeingLeft)
                continue;
            if (!isAlive)
                End(process, isReplaced: true);
            else if (!_following.HasArrivals)
                process.LookForNew();
        }

        if (any)
            return;
        if (_processes is [var only] && !_following.IsAnyUnderWay)
            _ = only.Wait(s_wait);
        else
            Clock.Sleep(IdleMicroseconds);
    }

    private void End()
    {
        _following.IsEnding = true;
        while (_following.IsAnyUnderWay)
        {
            Admit();
            foreach (CalledProcess process in _processes)
                process.ReadAll(static () => true);
            Clock.Sleep(IdleMicroseconds);
        }

        for (int i = _processes.Count - 1; i >= 0; i--)
            End(_processes[i], isReplaced: false);
    }

    private void End(CalledProcess process, bool isReplaced)
    {
        process.End(isReplaced);
        _lost += process.Lost;
        _missing = Both(_missing, process.Missing);
        _processes.Remove(process);
        process.Dispose();
    }

    private void Add(CalledProcess process)
    {
        process.Waits = made => _following.Depart(process, made);
        _processes.Add(process);
    }

    private static IReadOnlyList<string> Both(IReadOnlyList<string>? some, IReadOnlyList<string> others) => some is null ? others : [.. some.Where(name => others.Contains(name))];

    private void Admit()
    {
        while (_following.TryAdmit(out CalledProcess? arrived, out CalledProcess? former))
        {
            if (former is not null && _processes.Contains(former))
                End(former, isReplaced: true);
            if (arrived is not null)
                Add(arrived);
        }
    }

    CalledProcess IFollower<CalledProcess>.Begin(LiveTarget target, PythonProcess? python, HeldProcess held, bool isProgram, CalledProcess? former)
    {
        CalledProcess process = CalledProcess.Begin(target, python, held, _gates, _trace);
        process.OwnTarget();
        return process;
    }

    bool IFollower<CalledProcess>.IsLast(CalledProcess former) => false;

    void IFollower<CalledProcess>.TellNotFollowed(Exception e) => _trace.Note(new Note("not-followed", "a process was not traced: " + e.Message, null, Incomplete: true));
}
