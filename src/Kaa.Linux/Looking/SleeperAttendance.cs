using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>
/// Traces sleepers of a program with interval timers without stopping them, while its leader is held: whom the kernel wakes for such a signal hands it to the leader (<see cref="TimerSignals"/>),
/// and sleeps on. By a thread of Kaa's own, since whoever is traced and does not stop can be let go in one way only: its tracer's thread ends. The one that holds the others may have to live on.
/// </summary>
internal sealed class SleeperAttendance : IDisposable
{
    private const int BetweenPolls = 100; // µs
    private const int GivePatience = 50_000; // µs
    private const int EndPatience = 50_000; // µs
    private const int BuryEvery = 10; // ms

    private readonly TaskDirectory _tasks;
    private readonly int _leader;
    private readonly Tracer _tracer;
    private readonly HashSet<int> _attended = [];
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
        _thread = new System.Threading.Thread(() => Loop(sleepers)) { Name = "attendance", IsBackground = true };
    }

    /// <summary>Returns when all are attended that can be.</summary>
    /// <param name="tasks">Its own; it is disposed of at the end.</param>
    public static SleeperAttendance Begin(TaskDirectory tasks, int leader, IReadOnlyList<int> sleepers)
    {
        var attendance = new SleeperAttendance(tasks, leader, sleepers);
        attendance._thread.Start();
        while (!attendance._begun.Wait(BuryEvery))
            attendance._tracer.BuryTheDead();
        return attendance;
    }

    /// <summary>Lets one go, to be stopped by the caller: its call is as it was. False where it does not come to a stop for that, and stays attended.</summary>
    public bool TryGive(int tid)
    {
        using var wanted = new Wanted(tid);
        _wanted = wanted;
        while (!wanted.Done.Wait(BuryEvery))
            _tracer.BuryTheDead();
        return wanted.IsGiven;
    }

    /// <summary>Lets all go, when the leader, which runs again, has taken what waits for it. Afterwards nobody is traced by this.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
        TracerThread.AwaitEnd(_tid);
        _tasks.Dispose();
        _begun.Dispose();
    }

    private void Loop(IReadOnlyList<int> sleepers)
    {
        _tid = Scheduling.Hasten();
        foreach (int tid in sleepers)
            Attend(tid);
        _begun.Set();
        for (long end = long.MaxValue; !_isEnding || (Clock.Microseconds < end && IsAwaited());)
        {
            if (_isEnding && end == long.MaxValue)
                end = Clock.Microseconds + EndPatience;
            if (_wanted is { } wanted)
                Give(wanted);
            else if (!TakeOne())
                Clock.Sleep(BetweenPolls);
        }

        while (TakeOne(isLast: true))
        {
        }
    }

    /// <summary>As long as the leader has not got a processor to take its signals, others are woken for the next ones.</summary>
    private bool IsAwaited() => _tasks.Status(_leader) is { } status && PendingSignals.WaitForLeader(status);

    private void Attend(int tid)
    {
        if (!PTrace.Seize(tid))
            return;
        _attended.Add(tid);
        _tracer.Note(tid);
    }

    /// <summary>One that has stopped goes on: what it stopped for was the leader's, or is its own. False where nobody has.</summary>
    private bool TakeOne(bool isLast = false)
    {
        if (PTrace.PeekAny(out WaitStatus status) is not (> 0 and int tid))
            return false;
        LetGo(tid, status);
        if (!isLast && status.Kind != StopKind.Ended)
            Attend(tid);
        return true;
    }

    /// <summary>The kernel is not told that its stop was noticed, or the signal would be lost if Kaa were killed.</summary>
    private void LetGo(int tid, WaitStatus status)
    {
        _attended.Remove(tid);
        _tracer.Take(tid, status);
        _tracer.Release();
    }

    private void Give(Wanted wanted)
    {
        if (_attended.Contains(wanted.Tid) && PTrace.Interrupt(wanted.Tid))
        {
            long end = Clock.Microseconds + GivePatience;
            WaitStatus status;
            while (!PTrace.Peek(wanted.Tid, out status) && Clock.Microseconds < end)
                Clock.Sleep(BetweenPolls);
            if (PTrace.Peek(wanted.Tid, out status))
                LetGo(wanted.Tid, status);
        }

        _wanted = null;
        wanted.IsGiven = !_attended.Contains(wanted.Tid);
        wanted.Done.Set();
    }

    private sealed class Wanted(int tid) : IDisposable
    {
        public int Tid { get; } = tid;

        public bool IsGiven { get; set; }

        public System.Threading.ManualResetEventSlim Done { get; } = new();

        public void Dispose() => Done.Dispose();
    }
}
