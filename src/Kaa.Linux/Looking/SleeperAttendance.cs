using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary><see cref="AttendedSleepers"/> with a thread of Kaa's own: the one that holds the others may have to live on, or be busy for long.</summary>
internal sealed class SleeperAttendance : IDisposable
{
    // Each time that it wakes up it may take the processor from a thread that is to come to a stop.
    private const int BetweenPolls = 1; // ms
    private const int GivePatience = 50_000; // µs
    private const int EndPatience = 50_000; // µs
    private const int BuryEvery = 10; // ms

    private readonly TaskDirectory _tasks;
    private readonly int _leader;
    private readonly Tracer _tracer;
    private readonly AttendedSleepers _sleepers;
    private readonly object _asked = new();
    private readonly System.Threading.ManualResetEventSlim _begun = new();
    private readonly System.Threading.Thread _thread;
    private volatile Wanted? _wanted;
    private volatile bool _isEnding;
    private int _tid;

    private SleeperAttendance(TaskDirectory tasks, int leader, IReadOnlyList<int> sleepers)
    {
        _tasks = tasks;
        _leader = leader;
        _tracer = new Tracer(tasks);
        _sleepers = new AttendedSleepers(tasks, _tracer, isAlone: true);
        _tracer.BeforeTaking = _sleepers.InterruptAwake;
        _thread = new System.Threading.Thread(() => Loop(sleepers)) { Name = "attendance", IsBackground = true };
    }

    /// <summary>Returns when all are attended that can be; null where nobody needs it.</summary>
    /// <inheritdoc cref="AttendedSleepers.Choose"/>
    public static SleeperAttendance? Begin(TaskDirectory tasks, IReadOnlyList<ThreadSight> threads, Predicate<int> isMeant)
    {
        List<int> sleepers = AttendedSleepers.Choose(tasks, threads, isMeant);
        if (sleepers.Count == 0 || sleepers.Count == threads.Count || tasks.Again() is not { } own)
            return null;
        var attendance = new SleeperAttendance(own, threads[0].Tid, sleepers);
        Scheduling.Unhurried(attendance._thread.Start);
        while (!attendance._begun.Wait(BuryEvery))
            attendance._tracer.BuryTheDead();
        return attendance;
    }

    public void Add(int tid) => Ask(() => _sleepers.Add([tid]));

    /// <summary>Lets one go, to be stopped by the caller: its call is as it was. False where it does not come to a stop for that, and stays attended.</summary>
    public bool TryGive(int tid)
    {
        if (_sleepers.Contains(tid))
            Ask(() => _sleepers.TryGive(tid, GivePatience));
        return !_sleepers.Contains(tid);
    }

    /// <inheritdoc cref="AttendedSleepers.InterruptAwake"/>
    public void InterruptAwake() => Ask(_sleepers.InterruptAwake);

    /// <inheritdoc cref="AttendedSleepers.BeforeOthersGoOn"/>
    public void BeforeOthersGoOn() => Ask(() => _sleepers.BeforeOthersGoOn(_leader));

    /// <summary>Lets all go, when the leader, which runs again, has taken what waits for it. Afterwards nobody is traced by this.</summary>
    public void Dispose()
    {
        _isEnding = true;
        Wake();
        _thread.Join();
        TracerThread.AwaitEnd(_tid);
        _tasks.Dispose();
        _begun.Dispose();
    }

    private void Ask(Action action)
    {
        using var wanted = new Wanted(action);
        _wanted = wanted;
        Wake();
        while (!wanted.Done.Wait(BuryEvery))
            _tracer.BuryTheDead();
    }

    private void Loop(IReadOnlyList<int> sleepers)
    {
        _tid = Scheduling.Hasten();
        _sleepers.Add(sleepers);
        _begun.Set();
        for (long end = long.MaxValue; !_isEnding || (Clock.Microseconds < end && IsAwaited());)
        {
            if (_isEnding && end == long.MaxValue)
                end = Clock.Microseconds + EndPatience;
            if (_wanted is { } wanted)
                Answer(wanted);
            else if (!_sleepers.Take())
                SleepOrBeAsked();
        }

        _sleepers.LetAwakeGo();
    }

    private void Wake()
    {
        lock (_asked)
            System.Threading.Monitor.Pulse(_asked);
    }

    private void SleepOrBeAsked()
    {
        lock (_asked)
        {
            if (_wanted is null)
                _ = System.Threading.Monitor.Wait(_asked, BetweenPolls);
        }
    }

    /// <summary>As long as the leader has not got a processor to take its signals, others are woken for the next ones.</summary>
    private bool IsAwaited() => _tasks.Status(_leader) is { } status && PendingSignals.WaitForLeader(status);

    private void Answer(Wanted wanted)
    {
        wanted.Action();
        _wanted = null;
        wanted.Done.Set();
    }

    private sealed class Wanted(Action action) : IDisposable
    {
        public Action Action { get; } = action;

        public System.Threading.ManualResetEventSlim Done { get; } = new();

        public void Dispose() => Done.Dispose();
    }
}
