using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Linux.Looking;

/// <summary>
/// One look at a live process, in passes. A sleeping thread is read where it sleeps, and proved afterwards not to have moved; only those
/// that run are stopped. Whoever moved is read again in the next pass, which has fewer to read and so is more likely to find them still; from
/// <see cref="StopSleepersFrom"/> on they are stopped for it, if their call can bear that.
/// </summary>
internal sealed class LiveLook : IDisposable
{
    private const int MaxPasses = 8;
    private const int StopSleepersFrom = 2;
    private const int GivePatience = 1_000; // µs
    private const int PassOver = 1_000; // µs

    private readonly TaskDirectory _tasks;
    private readonly Func<long?, IMemory> _memory;
    private readonly ILookObserver _observer;
    private readonly LookOptions _options;
    private readonly Roster _roster;
    private readonly OverdueReceives _receives;
    private readonly LookBudget _budget;
    private readonly LookStatistics _statistics;

    private readonly Dictionary<int, TargetThread> _settled = [];
    private readonly HashSet<int> _gone = [];
    private HashSet<int>? _wanted;
    private long _longest;
    private int _pass;
    private bool _hasPassedOver;

    /// <param name="memory">Memory for one pass: fails with <see cref="FaultReason.Budget"/> from the given microsecond on.</param>
    /// <param name="nested">The target lives in a pid namespace of its own.</param>
    public LiveLook(TaskDirectory tasks, bool nested, Func<long?, IMemory> memory, ILookObserver observer, LookOptions options, LookStatistics statistics)
    {
        _tasks = tasks;
        _memory = memory;
        _observer = observer;
        _options = options;
        _statistics = statistics;
        _roster = new Roster(tasks, nested);
        _receives = new OverdueReceives(tasks);
        _budget = new LookBudget(options.MaxPause);
        _wanted = options.Only is { } only ? [.. only] : null;
    }

    private bool MayStop => !_options.NonBlocking && _statistics.Refused == 0 && _budget.AllowsAnotherStop;

    /// <summary>Null where the process was gone.</summary>
    public LookResult? Run()
    {
        HashSet<int> moving;
        _statistics.Looks++;
        do
        {
            if (!_roster.Begin(_wanted))
                return null;
            moving = RunPass();
            _wanted = moving;
            _pass++;
            _statistics.Passes++;
            _statistics.Moved += moving.Count;
            if (_hasPassedOver)
                Clock.Sleep(PassOver); // one that is to come out of its receive wants a processor
            _hasPassedOver = false;
        }
        while (moving.Count > 0 && _pass < MaxPasses && (MayStop || _options.NonBlocking));

        return Result(moving);
    }

    public void Dispose() => _roster.Dispose();

    /// <summary>Gives the tids that must be read again.</summary>
    private HashSet<int> RunPass()
    {
        List<int> toStop = ToStop(_roster.Threads);
        HashSet<int> moving = [];
        if (toStop.Count == 0)
            moving = ReadAndProve(null);
        else
        {
            _options.BeforeStopping?.Invoke();
            var tracer = new Tracer(_tasks);
            TracerThread.Run(() => moving = ReadStopped(tracer, toStop), tracer.BuryTheDead);
        }

        return moving;
    }

    private HashSet<int> ReadStopped(Tracer tracer, List<int> toStop)
    {
        var sleepers = new AttendedSleepers(_tasks, tracer, isAlone: false);
        sleepers.Add(AttendedSleepers.Choose(_tasks, _roster.Threads, tid => !toStop.Contains(tid)));
        tracer.BeforeTaking = sleepers.InterruptAwake;
        tracer.Meanwhile = () => sleepers.Take();
        Func<int, bool> stillMay = tid =>
        {
            if (StillToBeStopped(tid))
                return sleepers.TryGive(tid, GivePatience);
            sleepers.Add([tid]);
            return false;
        };
        try
        {
            tracer.Stop(Roster.LeaderLast(toStop), stillMay, _budget.StopDeadline);

            // Those who ran may have started others before they stopped.
            while (_roster.MayHaveNew() && _roster.AddNew(out IReadOnlyList<ThreadSight> added) && ToStop(added) is { Count: > 0 } more)
            {
                toStop.AddRange(more);
                tracer.Stop(more, stillMay, _budget.StopDeadline);
            }

            Record(toStop, tracer);
            return ReadAndProve(tracer);
        }
        finally
        {
            sleepers.BeforeOthersGoOn(_roster.Threads[0].Tid);
            tracer.Release();
            sleepers.LetAwakeGo();
            _longest = Math.Max(_longest, tracer.LongestMicroseconds);
            _budget.Spend(tracer.LongestMicroseconds);
            _statistics.Repairs += tracer.Repairs;
        }
    }

    private void Record(List<int> toStop, Tracer tracer)
    {
        var tracees = new Dictionary<int, Tracee>(tracer.Tracees.Count);
        foreach (Tracee tracee in tracer.Tracees)
            tracees[tracee.Tid] = tracee;
        foreach (int tid in toStop)
        {
            if (!tracees.TryGetValue(tid, out Tracee? tracee))
                NotSeized(_roster.Find(tid)!);
            else if (tracee.State == TraceeState.Stopped)
                Stopped(tracee);
            else if (tracee.State == TraceeState.Overdue)
                Overdue(tracee);
        }
    }

    private void NotSeized(ThreadSight sight)
    {
        if (sight.Conduct != ThreadConduct.Running || _tasks.Status(sight.Tid) is not { } status)
            return;
        sight.TracerPid = status.TracerPid;
        if (status.TracerPid == 0 && !TaskState.HasEnded(status.State))
            _statistics.Refused++;
    }

    private void Stopped(Tracee tracee)
    {
        _roster.Find(tracee.Tid)!.Tracee = tracee;
        _statistics.Stops++;
    }

    private void Overdue(Tracee tracee)
    {
        _roster.SightAgain(tracee.Tid);
        _roster.Find(tracee.Tid)!.Tracee = tracee;
        _statistics.Overdue++;
    }

    private HashSet<int> ReadAndProve(Tracer? tracer)
    {
        // Who is overdue may come to its stop at any moment, and waits from then on.
        long? deadline = tracer is { Tracees.Count: > 0 }
            ? _budget.ReadDeadline(tracer.StoppedSince ?? Clock.Microseconds, tracer.Tracees.Count, _roster.Threads.Count)
            : null;
        IMemory memory = _memory(deadline);
        var threads = new List<TargetThread>(_roster.Threads.Count);
        foreach (ThreadSight sight in _roster.Threads)
            threads.Add(RestartedCall.Resolve(sight.ToThread(), memory));
        var look = new Look(memory, threads, _wanted, _pass);
        _observer.Read(look);

        // Before anybody goes on: whom those we stopped wake up next has not moved during the read.
        HashSet<int> moved = Prove(threads);
        foreach (int tid in look.Missed)
        {
            if (_options.Only is null || _options.Only.Contains(tid))
                moved.Add(tid);
        }

        return moved;
    }

    private HashSet<int> Prove(List<TargetThread> threads)
    {
        var moved = new HashSet<int>();
        for (int i = 0; i < threads.Count; i++)
        {
            ThreadSight sight = _roster.Threads[i];
            if (_wanted is not null && !_wanted.Contains(sight.Tid))
                _settled.TryAdd(sight.Tid, threads[i]);
            else if (sight.Conduct == ThreadConduct.Ended || _roster.StoodStill(sight))
                _settled[sight.Tid] = threads[i];
            else if (!_roster.HasEnded(sight))
                moved.Add(sight.Tid);
            else
                _gone.Add(sight.Tid);
        }

        if (_options.Only is null && _roster.MayHaveNew() && _roster.AddNew(out IReadOnlyList<ThreadSight> added))
        {
            foreach (ThreadSight sight in added)
                moved.Add(sight.Tid);
        }

        return moved;
    }

    private List<int> ToStop(IReadOnlyList<ThreadSight> sights)
    {
        var tids = new List<int>();
        if (!MayStop)
            return tids;
        foreach (ThreadSight sight in sights)
        {
            if ((_options.Only is null || _options.Only.Contains(sight.Tid)) && IsToBeStopped(sight))
                tids.Add(sight.Tid);
        }

        return tids;
    }

    /// <summary>Who runs; later also who was not found asleep for long enough so far, and sleeps where that does no harm.</summary>
    private bool IsToBeStopped(ThreadSight sight) => sight.Conduct switch
    {
        ThreadConduct.Running => true,
        ThreadConduct.Parked when sight.State != 'D' && sight.Call is { Number: >= 0 } call =>
            (_options.Stop?.Contains(sight.Tid) == true && SyscallRestart.CanBeRepairedExactly(call.Number))
            || (_pass >= StopSleepersFrom && _wanted!.Contains(sight.Tid) && SyscallRestart.RestartsByItself(call.Number)),
        _ => false,
    };

    private bool StillToBeStopped(int tid)
    {
        bool mayReceive = _roster.Find(tid) is { Conduct: ThreadConduct.Running } && _receives.Holds(tid);

        // Nothing more is read where it still runs: each microsecond makes this less true.
        if (_tasks.Syscall(tid) is null or { Running: true })
        {
            _hasPassedOver |= mayReceive;
            return !mayReceive;
        }

        _roster.SightAgain(tid);
        return IsToBeStopped(_roster.Find(tid)!);
    }

    private LookResult Result(HashSet<int> moving)
    {
        var threads = new List<TargetThread>(_roster.Threads.Count);
        foreach (ThreadSight sight in _roster.Threads)
        {
            if (!_gone.Contains(sight.Tid))
                threads.Add(_settled.GetValueOrDefault(sight.Tid) ?? sight.ToThread());
        }

        return new LookResult(_longest, threads, moving, _pass);
    }
}
