using System.Collections.Concurrent;
using Kaa.Control.Agent;
using Kaa.Control.Memory;
using Kaa.Control.Memory.Following;
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
public sealed class CallTracer : IDisposable
{
    private const int IdleMicroseconds = 500;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(20);

    private readonly CallTrace _trace;
    private readonly GateChoice _gates;
    private readonly List<CalledProcess> _processes = [];
    private readonly ConcurrentQueue<(CalledProcess? New, CalledProcess? Former)> _arrivals = new();
    private IReadOnlyList<string>? _missing;
    private int _underWay;
    private volatile bool _isEnding;
    private long _lost;

    private CallTracer(TraceRequest request, ITraceSink sink, bool isLaunched)
    {
        _trace = new CallTrace(request, sink);
        _gates = request.Follow ? GateChoice.All : isLaunched ? GateChoice.Execs : GateChoice.None;
    }

    /// <summary>Puts the agent in; all threads stand still for some milliseconds, once.</summary>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-such-symbol, too-many-symbols, not-hookable.</exception>
    public static CallTracer Attach(LiveTarget target, PythonProcess? python, TraceRequest request, ITraceSink sink)
    {
        var tracer = new CallTracer(request, sink, isLaunched: false) { Pid = target.Info.Pid!.Value };
        tracer.Add(CalledProcess.Begin(target, python, null, tracer._gates, tracer._trace));
        return tracer;
    }

    /// <summary>Starts a program, and traces it from its first instruction on.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>.</exception>
    public static CallTracer Launch(IReadOnlyList<string> command, TraceRequest request, ITraceSink sink)
    {
        var tracer = new CallTracer(request, sink, isLaunched: true);
        TracerThread.Run(
            () =>
            {
                tracer.Pid = Launcher.Start(new LaunchRequest(command, OwnGroup: false), PTrace.MarkCalls);
                try
                {
                    tracer.Begin(tracer.Pid, isProgram: true, former: null);
                }
                catch (UserError e)
                {
                    // It runs on without Kaa, as it was asked for.
                    tracer.TellNotFollowed(e);
                }
            },
            () => { });
        tracer.Admit();
        return tracer;
    }

    /// <summary>The process that was asked for.</summary>
    public int Pid { get; private set; }

    /// <summary>Exit status of the program, or 128 and the signal that ended it, where it ended before it could be traced.</summary>
    public int? EarlyEnd { get; private set; }

    public long Hits => _trace.Hits;

    /// <summary>Hits that the processes had no room to write down.</summary>
    public long Lost => _lost + _processes.Sum(process => process.Lost);

    public long PauseMicroseconds => _processes is [var first, ..] ? first.PauseMicroseconds : 0;

    /// <summary>In what the answer is less than complete.</summary>
    public IReadOnlyList<Note> Notes => _trace.Notes;

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

    /// <summary>Calls whose condition could not be told.</summary>
    public long Undecided => _trace.Undecided;

    public string? UndecidedWhy => _trace.UndecidedWhy;

    /// <summary>Traces until it is told to end, the number of hits, or the end of the process, and of those that are followed.</summary>
    public void Run(Func<bool> isOver)
    {
        while (!_trace.IsOver && !isOver())
        {
            Admit();
            if (_processes.Count == 0 && IsNobodyUnderWay && _arrivals.IsEmpty)
                break;
            Step(isOver);
        }

        End();
    }

    private bool IsNobodyUnderWay => System.Threading.Volatile.Read(ref _underWay) == 0;

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
            if (isAlive && System.Threading.Volatile.Read(ref process.Departures) == 0 && _arrivals.IsEmpty)
                process.LookForNew();
            else if (!isAlive)
                End(process, isReplaced: true);
        }

        if (any)
            return;
        if (_processes is [var only] && IsNobodyUnderWay)
            _ = only.Wait(s_wait);
        else
            Clock.Sleep(IdleMicroseconds);
    }

    private void End()
    {
        _isEnding = true;
        while (!IsNobodyUnderWay || !_arrivals.IsEmpty)
        {
            Admit();
            foreach (CalledProcess process in _processes)
                process.ReadAll(() => false);
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
        process.Waits = made => Depart(process, made);
        _processes.Add(process);
    }

    private static IReadOnlyList<string> Both(IReadOnlyList<string>? some, IReadOnlyList<string> others) => some is null ? others : [.. some.Where(name => others.Contains(name))];

    private void Admit()
    {
        while (_arrivals.TryDequeue(out (CalledProcess? New, CalledProcess? Former) arrival))
        {
            if (arrival.Former is { } former && _processes.Contains(former))
                End(former, isReplaced: true);
            if (arrival.New is { } process)
                Add(process);
        }
    }

    /// <summary>Each on a thread of its own, as what a thread traces belongs to it.</summary>
    private void Depart(CalledProcess process, AgentEvent made)
    {
        AgentSession agent = process.Agent;
        if (_isEnding || agent.TidOf(made) is not { } tid)
        {
            agent.Release(made);
            return;
        }

        System.Threading.Interlocked.Increment(ref _underWay);
        System.Threading.Interlocked.Increment(ref process.Departures);
        var departure = new Departure(agent, made, process.Pid, tid, _gates == GateChoice.All);
        new System.Threading.Thread(() => Go(process, departure), 1 << 20) { Name = "follow", IsBackground = true }.Start();
    }

    private void Go(CalledProcess process, Departure departure)
    {
        try
        {
            if (departure.Follow(out bool isProgram) is { } pid)
                Begin(pid, isProgram, pid == process.Pid ? process : null);
        }
        catch (Exception e) when (e is UserError or Kaa.Formats.TargetFault)
        {
            TellNotFollowed(e);
        }
        finally
        {
            System.Threading.Interlocked.Decrement(ref process.Departures);
            System.Threading.Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>On the thread that traces it.</summary>
    private void Begin(int pid, bool isProgram, CalledProcess? former)
    {
        CalledProcess? process = null;
        WaitStatus? end = null;
        try
        {
            process = HeldBeginning.Begin(pid, isProgram, BeginHeld, out end);
            if (pid == Pid && end is { } early)
                EarlyEnd = early.Exit;
        }
        finally
        {
            _arrivals.Enqueue((process, former));
        }
    }

    private CalledProcess BeginHeld(LiveTarget target, PythonProcess? python, HeldProcess held)
    {
        CalledProcess process = CalledProcess.Begin(target, python, held, _gates, _trace);
        process.OwnTarget();
        return process;
    }

    private void TellNotFollowed(Exception e) => _trace.Note(new Note("not-followed", "a process was not traced: " + e.Message, null, Incomplete: true));
}
