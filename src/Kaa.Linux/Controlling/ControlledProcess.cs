using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Controlling;

/// <summary>
/// A process that runs and stops at a debugger's will. All of its threads are seized, but interrupted only where that does their system calls no harm. Everything
/// here is called on one thread (<see cref="TracerLoop"/>); when that ends, or Kaa does, the kernel lets go of the process, and it goes on as if nothing had been.
/// </summary>
public sealed class ControlledProcess
{
    private const int Options = PTrace.MarkCalls | PTrace.TraceChildren | PTrace.TraceExecs | PTrace.TraceVForkEnds;
    private const int Patience = 1_000_000; // µs
    private const int StopPatience = 100_000; // µs, for one thread
    private const int SpinMicroseconds = 50;
    private const int SleepMicroseconds = 50;
    private const int MostSights = 5;
    private const int BetweenSights = 500; // µs
    private const int Trap = 5; // SIGTRAP

    private readonly TaskDirectory _tasks;
    private readonly bool _nested;
    private readonly List<ControlledThread> _threads = [];
    private readonly StopReading _reading;
    private readonly StopConducts _conducts;

    /// <summary>Threads whose first stop came before their creator told of them.</summary>
    private readonly Dictionary<int, WaitStatus> _unclaimed = [];

    public ControlledProcess(TaskDirectory tasks, int pid, bool nested)
    {
        _tasks = tasks;
        _nested = nested;
        Pid = pid;
        _reading = new StopReading(tasks);
        _conducts = new StopConducts(tasks);
    }

    public int Pid { get; }

    public IReadOnlyList<ControlledThread> Threads => _threads;

    /// <summary>Asked whenever a thread has met an int3.</summary>
    public ITrapSites? Sites { get; set; }

    /// <summary>How the process ended; null while it lives.</summary>
    public WaitStatus? End { get; private set; }

    /// <summary>Seizes all threads; none is stopped. False where there are none that could be.</summary>
    public bool Seize()
    {
        var tids = new List<int>();
        bool anyNew = true;
        while (anyNew)
        {
            anyNew = false;
            tids.Clear();
            _tasks.List(tids);
            foreach (int tid in tids)
            {
                if (Find(tid) is null && PTrace.Seize(tid, Options))
                {
                    _threads.Add(new ControlledThread(tid, Options));
                    anyNew = true;
                }
            }
        }

        return _threads.Count > 0;
    }

    /// <summary>Takes over a program that this thread has started, and that is stopped.</summary>
    public void AdoptLaunched(WaitStatus status)
    {
        _ = PTrace.SetOptions(Pid, Options);
        var thread = new ControlledThread(Pid, Options) { State = RunState.Stopping };
        _threads.Add(thread);
        Settle(thread, status);
        thread.HasNews = false;
    }

    public ControlledThread? Find(int tid) => _threads.Find(thread => thread.Tid == tid);

    /// <summary>As others see it that need a process which stands still.</summary>
    public HeldProcess Held() => HeldProcess.Adopt(
        _tasks,
        _nested,
        Stopped(),
        () =>
        {
            StopAwakened();
            return Stopped();
        },
        tid => Find(tid) is { } thread && Stop(thread) ? thread.Tracee : null);

    private List<Tracee> Stopped()
    {
        var stopped = new List<Tracee>(_threads.Count);
        foreach (ControlledThread thread in _threads)
        {
            if (thread.State == RunState.Stopped)
                stopped.Add(thread.Tracee);
        }

        return stopped;
    }

    /// <summary>
    /// Stops all threads. Those that sleep in a call which would return EINTR if Kaa were killed before it is repaired are left asleep: <see cref="StopAwakened"/>. What
    /// others stopped for meanwhile is told by <see cref="Next"/> once they go on.
    /// </summary>
    public void StopAll()
    {
        Scheduling.Hasten();
        StopEach();
        HandOverAll();
        Scheduling.Relax(0);
    }

    private void StopEach()
    {
        for (int i = 1; ; i++)
        {
            bool isPassing = false;
            var running = new List<ControlledThread>();
            foreach (ControlledThread thread in LeaderLast())
            {
                if (thread.State != RunState.Running)
                    continue;
                StopConduct conduct = _conducts.Of(thread);
                if (conduct == StopConduct.Restarts)
                    Interrupt(thread);
                else if (conduct == StopConduct.Runs)
                    running.Add(thread);
                isPassing |= conduct == StopConduct.Passing;
            }

            AwaitStops();

            // One by one: who is about to begin a call that must not be interrupted is repaired at once.
            foreach (ControlledThread thread in running)
            {
                if (thread.State == RunState.Running && _conducts.Of(thread) is StopConduct.Runs or StopConduct.Restarts)
                    _ = Stop(thread);
            }

            if (!_threads.Exists(thread => thread.State != RunState.Stopped) || i == MostSights)
                return;

            // Threads that were made meanwhile run; who is in a call of another kind is soon out of it.
            if (isPassing)
                Clock.Sleep(BetweenSights);
            else if (i > 1)
                return;
        }
    }

    /// <summary>As long as it runs the leader takes the process's signals, and nobody else's call ends for one.</summary>
    private List<ControlledThread> LeaderLast()
    {
        List<ControlledThread> ordered = [.. _threads];
        if (ordered.Count > 1 && ordered[0].Tid == Pid)
        {
            ordered.Add(ordered[0]);
            ordered.RemoveAt(0);
        }

        return ordered;
    }

    /// <summary>While all stand still: stops those that were left asleep and have woken up.</summary>
    public void StopAwakened()
    {
        foreach (ControlledThread thread in _threads.ToArray())
        {
            if (thread.State == RunState.Running && _conducts.Of(thread) is StopConduct.Runs or StopConduct.Restarts)
                _ = Stop(thread);
        }

        HandOverAll();
    }

    /// <summary>
    /// Stops one thread, out of a system call too that an interrupt ends: that is repaired at once, and the program would see an EINTR only if Kaa were killed in the
    /// microseconds before. False where it does not stop: it is the parent of a child of vfork, or gone.
    /// </summary>
    public bool Stop(ControlledThread thread)
    {
        if (thread.State == RunState.Running)
            Interrupt(thread);
        AwaitStops(one => one == thread, StopPatience);
        if (thread.State == RunState.Stopped)
            return _threads.Contains(thread);

        // When it stops after all it goes on by itself.
        thread.State = RunState.Running;
        return false;
    }

    /// <summary>Lets every thread go on whose stop has been told.</summary>
    public void ContinueAll()
    {
        if (Find(Pid) is { State: RunState.Stopped, HasNews: false } leader && HasSignalsForLeader())
        {
            Continue(leader);
            PendingSignals.AwaitTaken(_tasks, Pid);
        }

        foreach (ControlledThread thread in _threads.ToArray())
        {
            if (thread is { State: RunState.Stopped, HasNews: false })
                Continue(thread);
            else if (thread.State == RunState.Stopping)
                thread.State = RunState.Running;
        }
    }

    public void Continue(ControlledThread thread) => Resume(thread);

    /// <summary>The next stop that somebody should know of; null where there is none now.</summary>
    public ControlledThread? Next()
    {
        if (_threads.Find(thread => thread.HasNews) is not { } told)
        {
            while (TakeOne(out ControlledThread? found))
            {
                if (found is not { HasNews: true })
                    continue;
                found.HasNews = false;
                return found;
            }

            return null;
        }

        told.HasNews = false;
        return told;
    }

    /// <summary>Sets a thread's registers, as the program has them. By one change of all, so that a Kaa that is killed leaves a thread that goes on right.</summary>
    public bool SetRegisters(ControlledThread thread, X64Registers registers)
    {
        ulong shown = registers.Rip;
        registers.Rip = thread.Trap == shown ? thread.Tracee.Registers.Rip : Sites?.Real(shown) ?? shown;
        if (!PTrace.SetAll(thread.Tid, registers))
            return false;
        thread.Trap = registers.Rip == shown ? null : shown;
        thread.Tracee.Registers = registers;
        thread.Tracee.Repaired = false;
        thread.Tracee.IsAtOwnCall = false;
        return true;
    }

    /// <summary>The same, for a place where a thread really is: Kaa's own code.</summary>
    public static bool SetRealRegisters(ControlledThread thread, X64Registers registers)
    {
        if (!PTrace.SetAll(thread.Tid, registers))
            return false;
        thread.Trap = null;
        thread.Tracee.Registers = registers;
        thread.Tracee.Repaired = false;
        thread.Tracee.IsAtOwnCall = false;
        return true;
    }

    /// <summary>A stopped thread has come to where Kaa waits for threads: that is told by <see cref="Next"/>, once the process goes on.</summary>
    public static void TellLater(ControlledThread thread, ulong address)
    {
        thread.Met = address;
        thread.HasNews = true;
    }

    /// <summary>A stopped thread that was sent elsewhere for a while is where it was again; <paramref name="trap"/> is the <see cref="ControlledThread.Trap"/> that it had.</summary>
    public static void CameBack(ControlledThread thread, ulong? trap) => thread.Trap = trap;

    /// <summary>A stopped thread that stands where Kaa waits for threads goes on behind that, as if it had come there already.</summary>
    public void PassTrap(ControlledThread thread)
    {
        X64Registers registers = thread.Tracee.Registers;
        ulong address = registers.Rip;
        if (thread.Trap is not null || IsInCall(thread.Tracee) || Sites is not { } sites || (sites.Real(address) is var real && real == address && (real = sites.Detour(address) ?? address) == address))
            return;
        _reading.Prepare(thread);
        registers.Rip = real;
        if (SetRealRegisters(thread, registers))
            thread.Trap = address;
    }

    /// <summary>It makes its call again first, and comes to what lies behind it then.</summary>
    private static bool IsInCall(Tracee tracee) => tracee.Repaired || (SyscallRestart.WasInCall(tracee.Registers) && SyscallRestart.IsRestartCode(unchecked((long)tracee.Registers.Rax)));

    /// <summary>A thread that has stopped for an int3 of which nobody knew then goes on behind it; false where that is none of Kaa's.</summary>
    public bool PassLateTrap(ControlledThread thread)
    {
        X64Registers registers = thread.Tracee.Registers;
        if (thread.Trap is not null || Sites?.Detour(registers.Rip - 1) is not { } detour)
            return false;
        registers.Rip = detour;
        thread.Signal = 0;
        return SetRealRegisters(thread, registers);
    }

    /// <summary>
    /// After <see cref="StopKind.Exec"/>: brings the new program up to where its libraries are loaded (<see cref="StartUp.RunToLoaded"/>). False where it ended before.
    /// </summary>
    public bool RunToLoaded()
    {
        if (Find(Pid) is not { State: RunState.Stopped } thread)
            return false;
        WaitStatus? end = StartUp.RunToLoaded(ProcRoot.System, Pid);
        thread.State = RunState.Stopping;
        Settle(thread, end ?? new WaitStatus(StopKind.Event, 0));
        thread.HasNews = false;
        return end is null;
    }

    /// <summary>After it was killed: takes the ends of all threads.</summary>
    public void AwaitEnd()
    {
        long begun = Clock.Microseconds;
        while (End is null && _threads.Count > 0 && Clock.Microseconds - begun < Patience)
        {
            if (!TakeOne(out _))
                Clock.Sleep(SleepMicroseconds);
        }
    }

    /// <summary>Lets all go for good, with the signals that were on their way.</summary>
    public void DetachAll()
    {
        bool isLeaderFirst = HasSignalsForLeader();
        if (isLeaderFirst && Find(Pid) is { State: RunState.Stopped } leader)
        {
            _reading.Prepare(leader, isLast: true);
            _ = PTrace.Detach(Pid, SignalOf(leader));
            leader.State = RunState.Running;
            PendingSignals.AwaitTaken(_tasks, Pid);
        }

        foreach (ControlledThread thread in _threads)
        {
            if (thread.State == RunState.Stopped)
            {
                _reading.Prepare(thread, isLast: true);
                _ = PTrace.Detach(thread.Tid, SignalOf(thread));
            }
        }

        _threads.Clear();
    }

    private bool HasSignalsForLeader() => _threads.Count > 1 && _tasks.Status(Pid) is { } status && PendingSignals.WaitForLeader(status);

    /// <summary>The signal that a thread has stopped for is the leader's (<see cref="TimerSignals"/>), and the thread goes on as if it had never come. False where it is its own.</summary>
    public bool TryHandOver(ControlledThread thread)
    {
        if (!thread.Tracee.HasRegisters || !TimerSignals.TryHandOver(_tasks, Pid, thread.Tid, thread.Status, thread.Tracee.Registers))
            return false;
        Drop(thread);
        return true;
    }

    private void Drop(ControlledThread thread)
    {
        if (StopReading.Drop(thread) is { } end)
            Settle(thread, end);
    }

    /// <summary>Signals of timers wait for the leader, so that nobody stands in a stop for one: such a thread could not be borrowed.</summary>
    private void HandOverAll()
    {
        foreach (ControlledThread thread in _threads.ToArray())
        {
            if (thread is not { State: RunState.Stopped, HasNews: true, Met: null } || !TimerSignals.IsTimers(thread.Status) || TryHandOver(thread))
                continue;
            if (thread.Tid == Pid && TimerSignals.TryPutBack(Pid, thread.Status))
                Drop(thread);
        }
    }

    /// <summary>Waits for the first stop of another process that this one has made (<see cref="StopKind.Child"/>): it has run nothing yet. False where it is gone.</summary>
    public bool AwaitChild(int pid) => _unclaimed.Remove(pid, out WaitStatus status) ? status.Kind != StopKind.Ended : Awaited(pid) is { Kind: not StopKind.Ended };

    private static WaitStatus? Awaited(int tid)
    {
        long end = Clock.Microseconds + Patience;
        while (Clock.Microseconds < end)
        {
            if (PTrace.Poll(tid) is { } status)
                return status;
            Clock.Sleep(SleepMicroseconds);
        }

        return null;
    }

    /// <summary>What it gets when it goes on. A signal of which nobody was told, or that came while somebody borrowed the thread, is the program's.</summary>
    private static int SignalOf(ControlledThread thread)
    {
        if (thread.Signal != 0)
            return thread.Signal;
        if (thread is { HasNews: true, Met: null })
            return thread.Status.SignalToDeliver;
        return thread is { Status.Kind: StopKind.Event, Tracee.Status: { Kind: StopKind.Signal } taken } ? taken.Signal : 0;
    }

    private void Resume(ControlledThread thread)
    {
        if (thread.State != RunState.Stopped)
            return;
        _reading.Prepare(thread);
        int signal = SignalOf(thread);
        thread.HasNews = false;
        thread.Signal = 0;
        thread.Trap = null;
        thread.Met = null;
        thread.IsUntaken = false;
        bool goesOn = thread.Status.Kind == StopKind.Group && !thread.StopsAtCalls
            ? PTrace.Listen(thread.Tid)
            : thread.StopsAtCalls ? PTrace.ContinueToCall(thread.Tid, signal) : PTrace.Continue(thread.Tid, signal);
        thread.State = goesOn ? RunState.Running : RunState.Stopping;
        thread.Tracee.State = TraceeState.Stopping;
    }

    private static void Interrupt(ControlledThread thread)
    {
        thread.State = RunState.Stopping;
        thread.Tracee.HeldSince = Clock.Microseconds;

        // It fails for a thread that is dying; the wait finds that out.
        _ = PTrace.Interrupt(thread.Tid);
    }

    private void AwaitStops()
    {
        AwaitStops(_ => true, Patience);

        // A parent of vfork. When it stops after all it goes on by itself, and is stopped anew.
        foreach (ControlledThread thread in _threads)
        {
            if (thread.State == RunState.Stopping)
                thread.State = RunState.Running;
        }
    }

    private void AwaitStops(Predicate<ControlledThread> isMeant, int patience)
    {
        long begun = Clock.Microseconds;
        while (_threads.Exists(thread => thread.State == RunState.Stopping && isMeant(thread)) && Clock.Microseconds - begun < patience)
        {
            if (!TakeOne(out _) && Clock.Microseconds - begun > SpinMicroseconds)
                Clock.Sleep(SleepMicroseconds);
        }
    }

    /// <summary>Takes one stop or end from the kernel; false where there is none.</summary>
    private bool TakeOne(out ControlledThread? thread)
    {
        thread = null;
        int tid = Peek(out WaitStatus status);
        if (tid <= 0)
            return false;
        thread = Find(tid);

        // Before the signal is taken: see PTrace.PeekAny.
        ulong? trap = thread is not null && status is { Kind: StopKind.Signal, Signal: Trap } ? LeaveTrap(tid) : null;
        if (thread is not null && status.Kind == StopKind.Signal && trap is null)
        {
            thread.IsUntaken = true;
            thread.Met = thread.Trap = null;
            Settle(thread, status);
            return true;
        }

        if (PTrace.Poll(tid) is not { } taken)
            return true;
        if (thread is null)
        {
            _unclaimed[tid] = taken;
            return true;
        }

        thread.Trap = thread.Met = taken.Kind == StopKind.Signal ? trap : null;
        Settle(thread, taken);
        return true;
    }

    /// <summary>Who has stopped for a signal that is not taken would be told of again and again, and nobody else: then all are asked one by one.</summary>
    private int Peek(out WaitStatus status)
    {
        status = default;
        if (!_threads.Exists(thread => thread.IsUntaken))
            return PTrace.PeekAny(out status);
        foreach (ControlledThread thread in _threads)
        {
            if (PTrace.Peek(thread.Tid, out status) && (!thread.IsUntaken || status.Kind == StopKind.Ended))
                return thread.Tid;
        }

        return 0;
    }

    /// <summary>The thread goes on behind the int3 that it met, by way of the copy of what that hides.</summary>
    private ulong? LeaveTrap(int tid)
    {
        if (!PTrace.TryGetRegisters(tid, out X64Registers registers) || Sites?.Detour(registers.Rip - 1) is not { } detour)
            return null;
        ulong address = registers.Rip - 1;
        registers.Rip = detour;
        return PTrace.SetAll(tid, registers) ? address : null;
    }

    private void Settle(ControlledThread thread, WaitStatus status)
    {
        thread.Status = status;
        thread.IsUntaken &= status.Kind == StopKind.Signal;
        if (status.Kind == StopKind.Ended)
        {
            Remove(thread, status);
            return;
        }

        bool wasAsked = thread.State == RunState.Stopping;
        thread.State = RunState.Stopped;
        _reading.Read(thread);
        thread.Trap ??= thread.Tracee.HasRegisters ? Sites?.Shown(thread.Tracee.Registers.Rip) : null;
        if (status is { Kind: StopKind.Child, Event: PTrace.VForkEvent })
            thread.IsInVFork = true;
        else if (status.Kind == StopKind.VForkDone)
            thread.IsInVFork = false;
        switch (status.Kind)
        {
            case StopKind.Child when PTrace.ChildOf(thread.Tid) is { } child && Claim(child):
            case StopKind.VForkDone:
            case StopKind.Event when !wasAsked:
                Resume(thread);
                if (wasAsked)
                    Interrupt(thread);
                break;
            case StopKind.Exec:
                _threads.RemoveAll(other => other != thread);
                thread.HasNews = true;
                break;
            case StopKind.Group when !wasAsked:
                Resume(thread);
                break;
            case StopKind.Event or StopKind.Group:
                break;
            default:
                thread.HasNews = true;
                break;
        }
    }

    /// <summary>True where it is a thread of this process: it goes on like the others. A new process is somebody else's business.</summary>
    private bool Claim(int child)
    {
        if (_tasks.Stat(child) is null)
            return false;
        var thread = new ControlledThread(child, Options) { State = RunState.Running };
        _threads.Add(thread);
        if (_unclaimed.Remove(child, out WaitStatus status))
            Settle(thread, status);
        return true;
    }

    private void Remove(ControlledThread thread, WaitStatus status)
    {
        _threads.Remove(thread);

        // The leader is told of last of all (wait_consider_task, kernel/exit.c).
        if (thread.Tid != Pid && _threads.Count > 0)
            return;
        End = status;
        _threads.Clear();
    }
}
