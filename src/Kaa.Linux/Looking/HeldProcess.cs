using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>
/// All threads of a process held at once, for what needs all of it to stand still. Belongs to the thread that made it (<see cref="TracerThread"/>).
/// Sleepers whose call can't be made again are left asleep: it is proved afterwards that they slept on.
/// </summary>
public sealed class HeldProcess : IDisposable
{
    // For a thread that waits in the kernel for what may take long; then for one that waits for a processor, on a machine with many others.
    private const int PatienceMicroseconds = 50_000;
    private const int ProcessorPatience = 1_000_000;
    private const int MostSights = 5;
    private const int MostSightsOfSleepers = 100;
    private const int MostSettlings = 8;
    private const int BetweenSights = 500; // µs
    private const int VFork = 58;

    private readonly TaskDirectory _tasks;
    private readonly Roster _roster;
    private readonly RestartProof _restarts;
    private readonly OverdueReceives _receives;
    private SleeperAttendance? _attendance;
    private bool _isHeld;
    private bool _isAdopted;
    private Func<IEnumerable<Tracee>>? _stopAwake;
    private Func<int, Tracee?>? _wake;

    /// <param name="nested">The target lives in a pid namespace of its own.</param>
    public HeldProcess(TaskDirectory tasks, bool nested)
    {
        _tasks = tasks;
        _roster = new Roster(tasks, nested);
        _restarts = new RestartProof(tasks);
        _receives = new OverdueReceives(tasks);
        Tracer = new Tracer(tasks, PatienceMicroseconds);
    }

    public Tracer Tracer { get; }

    /// <summary>
    /// Leaves every sleeper asleep whose call would return EINTR if Kaa were killed between the interrupt and the repair. False: only those that can't be repaired.
    /// </summary>
    public bool SparesSleepers { get; init; }

    /// <summary>In the kernel's order, the leader first.</summary>
    public IReadOnlyList<ThreadSight> Threads => _roster.Threads;

    /// <summary>
    /// A view of a process whose threads somebody else has stopped, on this thread, and will let go: <see cref="Stop"/> and <see cref="Release"/> do nothing.
    /// </summary>
    /// <param name="stopAwake">Stops those that were left asleep and have woken up, and gives all that are stopped then.</param>
    /// <param name="wake">Stops one of those that were left asleep, and repairs its call; null where it does not stop.</param>
    public static HeldProcess Adopt(
        TaskDirectory tasks, bool nested, IEnumerable<Tracee> stopped, Func<IEnumerable<Tracee>>? stopAwake = null, Func<int, Tracee?>? wake = null)
    {
        var held = new HeldProcess(tasks, nested) { _isAdopted = true, _stopAwake = stopAwake, _wake = wake };
        held._roster.Begin(null);
        held.Tracer.Adopt(stopped);
        held.Record();
        return held;
    }

    /// <summary>
    /// Stops everybody, then those that were started meanwhile, and those that were left asleep and have woken up. False where the process was gone.
    /// </summary>
    public bool Stop()
    {
        if (_isAdopted)
            return _roster.Threads.Count > 0;
        if (!SightAll())
            return false;
        _isHeld = true;
        IReadOnlyList<ThreadSight> sights = [.. _roster.Threads];
        List<int> first = ToStop(sights);
        Attend(tid => !first.Contains(tid));
        do
        {
            StopSome(ToStop(sights));
            Record();
        }
        while (_roster.MayHaveNew() && _roster.AddNew(out sights));
        _ = StopAwake();
        return true;
    }

    /// <summary>
    /// Whoever is in a call that can't be made again is given a moment to come out of it: most such calls are short. A longer one where nobody else is there:
    /// who sleeps for a short time only is met awake.
    /// </summary>
    private bool SightAll()
    {
        for (int i = 1; _roster.Begin(null); i++)
        {
            int tids = ToStop(_roster.Threads).Count;
            int living = _roster.Threads.FindAll(sight => sight.Conduct != ThreadConduct.Ended).Count;
            if (tids == living || i >= (tids > 0 ? MostSights : MostSightsOfSleepers))
                return true;
            Clock.Sleep(BetweenSights);
        }

        return false;
    }

    /// <summary>
    /// Stops those that were left asleep and are awake by now, and threads that they have started. Gives all that have run since they were sighted, also those that
    /// sleep again: where they are and what lies on their stacks is not what it was.
    /// </summary>
    /// <param name="restless">Those that sleep again are stopped too: they wake up all the time.</param>
    public IReadOnlySet<int> StopAwake(bool restless = false)
    {
        var ran = new HashSet<int>();
        for (int i = 0; i < MostSettlings && (!_isAdopted || _stopAwake is not null); i++)
        {
            List<int> awake = SightAwake(ran, restless);
            if (_roster.MayHaveNew() && _roster.AddNew(out IReadOnlyList<ThreadSight> added))
            {
                foreach (ThreadSight sight in added)
                    ran.Add(sight.Tid);
                awake.AddRange(ToStop(added));
            }

            if (awake.Count == 0)
                break;
            if (_stopAwake is { } stop)
                Tracer.Adopt(stop());
            else
                StopSome(awake);
            Record();
            if (awake.Exists(tid => _roster.Find(tid) is { IsHeld: false, Conduct: ThreadConduct.Running }))
                Clock.Sleep(BetweenSights); // for a processor: it is to come out of its receive
        }

        return ran;
    }

    private List<int> SightAwake(HashSet<int> ran, bool restless)
    {
        var awake = new List<int>();
        for (int place = 0; place < _roster.Threads.Count; place++)
        {
            ThreadSight sight = _roster.Threads[place];
            // One that ended in its stop has been buried by now, and would seem to run for ever.
            if (sight.IsHeld || sight.Conduct == ThreadConduct.Ended || _roster.StoodStill(sight) || _roster.HasEnded(sight))
                continue;
            ran.Add(sight.Tid);
            _roster.SightAgain(sight.Tid);
            if (IsToBeStopped(_roster.Threads[place]) || (restless && WillStop(sight.Tid)))
                awake.Add(sight.Tid);
        }

        return awake;
    }

    /// <summary>
    /// Stops one of those that were left asleep, where it can be repaired: for what can't be done without one. Null where there is none.
    /// </summary>
    public ThreadSight? StopSleeper()
    {
        ThreadSight? best = null;
        foreach (ThreadSight sight in _roster.Threads)
        {
            if (sight.IsHeld || sight.Conduct != ThreadConduct.Parked || sight.Call is not { Number: >= 0 } call || !SyscallRestart.CanBeRepairedExactly(call.Number))
                continue;
            if (best is null || (SyscallRestart.UsuallyRestarts(call.Number) && !SyscallRestart.UsuallyRestarts(best.Call!.Value.Number)))
                best = sight;
        }

        return best is null ? null : _isAdopted ? Wake(best) : StopAlone(best, _ => true);
    }

    private ThreadSight? Wake(ThreadSight sight)
    {
        if (_wake?.Invoke(sight.Tid) is not { } tracee)
            return null;
        Tracer.Adopt([tracee]);
        Record();
        return _roster.Find(sight.Tid);
    }

    /// <summary>Stops one thread alone; null where it can't be.</summary>
    public ThreadSight? StopOne(Func<ThreadSight, int> rank)
    {
        if (_isAdopted)
            return _roster.Threads.Find(sight => sight.IsStopped);
        if (!_roster.Begin(null))
            return null;
        ThreadSight? best = null;
        foreach (ThreadSight sight in _roster.Threads)
        {
            if (ToStop([sight]).Count > 0 && rank(sight) is >= 0 and int place && (best is null || place < rank(best)))
                best = sight;
        }

        if (best is null)
            return null;
        Attend(tid => tid != best.Tid);
        return StopAlone(best, StillToBeStopped);
    }

    private void Attend(Predicate<int> isMeant)
    {
        _attendance ??= SleeperAttendance.Begin(_tasks, _roster.Threads, isMeant);
        Tracer.BeforeTaking = _attendance is { } attendance ? attendance.InterruptAwake : null;
    }

    /// <summary>Whoever is attended has another tracer: that gives it. Who is left alone after all is attended from now on.</summary>
    private Func<int, bool> Given(Func<int, bool> stillMay) => tid =>
    {
        if (stillMay(tid))
            return _attendance?.TryGive(tid) != false;
        if (_attendance is { } attendance)
            attendance.Add(tid);
        else
            Attend(each => each == tid);
        return false;
    };

    private ThreadSight? StopAlone(ThreadSight sight, Func<int, bool> stillMay)
    {
        _isHeld = true;
        Tracer.Stop([sight.Tid], Given(stillMay), _ => long.MaxValue);
        Tracer.WaitAgain(WillStop, ProcessorPatience);
        Record();
        return _roster.Find(sight.Tid) is { IsStopped: true } stopped ? stopped : null;
    }

    /// <summary>The threads that were not held and have run since they were sighted: what is known of them is what they did before.</summary>
    public List<ThreadSight> Moved()
    {
        var moved = new List<ThreadSight>();
        foreach (ThreadSight sight in _roster.Threads)
        {
            if (sight.Conduct != ThreadConduct.Ended && !_roster.StoodStill(sight))
                moved.Add(sight);
        }

        return moved;
    }

    /// <summary>Lets everybody go on.</summary>
    public void Release()
    {
        _attendance?.BeforeOthersGoOn();
        if (_isHeld)
            Tracer.Release();
        _isHeld = false;
        Tracer.BeforeTaking = null;
        _attendance?.Dispose();
        _attendance = null;
    }

    public void Dispose()
    {
        Release();
        _roster.Dispose();
    }

    /// <summary>
    /// First all those whose calls the kernel makes again by itself. The others one by one, each repaired before the next is interrupted: were Kaa killed in
    /// between, that one's call would return EINTR.
    /// </summary>
    private void StopSome(List<int> tids)
    {
        var delicate = new List<int>();
        var others = new List<int>(tids.Count);
        foreach (int tid in tids)
        {
            bool isDelicate = _roster.Find(tid) is { Conduct: ThreadConduct.Parked, Call: { Number: >= 0 } call } && !SyscallRestart.RestartsByItself(call.Number);
            (isDelicate ? delicate : others).Add(tid);
        }

        Tracer.Stop(Roster.LeaderLast(others), Given(StillToBeStopped), _ => long.MaxValue);
        foreach (int tid in delicate)
            Tracer.Stop([tid], Given(_ => true), _ => long.MaxValue);
        Tracer.WaitAgain(WillStop, ProcessorPatience);
    }

    /// <summary>
    /// Asked at the last moment: who ran, or slept in another call, when it was sighted may sleep by now in one that is better left alone.
    /// </summary>
    private bool StillToBeStopped(int tid)
    {
        if (!SparesSleepers)
            return true;
        bool mayReceive = _roster.Find(tid) is { Conduct: ThreadConduct.Running } && _receives.Holds(tid);
        if (_tasks.Syscall(tid) is not { Running: false } call)
            return !mayReceive;
        if (SyscallRestart.RestartsByItself(call.Number))
            return true;
        _roster.SightAgain(tid);
        return IsToBeStopped(_roster.Find(tid)!);
    }

    /// <summary>All that it lacks is a processor: it can't go on in its program before its stop, and there are no registers of it without.</summary>
    private bool WillStop(int tid) => _tasks.Stat(tid) is { State: not 'D', IsZombie: false };

    private void Record()
    {
        foreach (Tracee tracee in Tracer.Tracees)
        {
            if (_roster.Find(tracee.Tid) is not { } sight || sight.Tracee == tracee)
                continue;
            if (tracee.State == TraceeState.Overdue)
                _roster.SightAgain(tracee.Tid);
            if (tracee.State is TraceeState.Stopped or TraceeState.Overdue)
                _roster.Find(tracee.Tid)!.Tracee = tracee;
        }
    }

    private List<int> ToStop(IReadOnlyList<ThreadSight> sights)
    {
        var tids = new List<int>(sights.Count);
        foreach (ThreadSight sight in sights)
        {
            if (IsToBeStopped(sight))
                tids.Add(sight.Tid);
        }

        return tids;
    }

    private bool IsToBeStopped(ThreadSight sight) => sight.Conduct switch
    {
        ThreadConduct.Ended => false,
        ThreadConduct.Running => true,
        ThreadConduct.Held => sight.State == 'T',

        // A vfork parent does not stop before its child is done. Calls that are not known to be made again without loss are left to sleep.
        _ => sight.Call is not { Number: >= 0 } call || (call.Number != VFork && MayBeInterrupted(sight.Tid, call)),
    };

    private bool MayBeInterrupted(int tid, SyscallText call) => SparesSleepers ? _restarts.Holds(tid, call) : SyscallRestart.CanBeRepairedExactly(call.Number);
}
