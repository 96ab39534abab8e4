using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Controlling;

/// <summary>
/// A process that runs and stops at a debugger's will. All of its threads are seized, but interrupted only where that does their system calls no harm. Everything
/// here is called on one thread (<see cref="TracerLoop"/>); when that ends, or Kaa does, the kernel lets go of the process, and it goes on as if nothing had been.
/// </summary>
public sealed class ControlledProcess
{
    private const int Options = PTrace.MarkCalls | PTrace.TraceChildren | PTrace.TraceExecs | PTrace.TraceVForkEnds;
    private const int Patience = 1_000_000; // µs
    private const int TakePatience = 50_000; // µs
    private const int SleepMicroseconds = 50;
    private const int Trap = 5; // SIGTRAP

    private readonly TaskDirectory _tasks;
    private readonly bool _nested;
    private readonly List<ControlledThread> _threads = [];
    private readonly StopReading _reading;
    private readonly ProcessStopping _stopping;

    /// <param name="intake">Of the thread that traces; null for one of its own.</param>
    public ControlledProcess(TaskDirectory tasks, int pid, bool nested, StopIntake? intake = null)
    {
        _tasks = tasks;
        _nested = nested;
        Pid = pid;
        Intake = intake ?? new StopIntake();
        _reading = new StopReading(tasks);
        Places = new ThreadPlaces(_reading);
        _stopping = new ProcessStopping(this, tasks);
    }

    /// <summary>Where its stops come from: also those of other processes that the same thread traces.</summary>
    public StopIntake Intake { get; }

    public int Pid { get; }

    public IReadOnlyList<ControlledThread> Threads => _threads;

    /// <summary>Where its threads stand, and what Kaa has changed of its code.</summary>
    public ThreadPlaces Places { get; }

    /// <summary>How the process ended; null while it lives.</summary>
    public WaitStatus? End { get; private set; }

    /// <summary>Seizes all threads; none is stopped. False where there are none that could be.</summary>
    public bool Seize()
    {
        Intake.Add(this);
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
        Intake.Add(this);
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

    /// <inheritdoc cref="ProcessStopping.StopAll"/>
    public void StopAll() => _stopping.StopAll();

    /// <inheritdoc cref="ProcessStopping.StopAwakened"/>
    public void StopAwakened() => _stopping.StopAwakened();

    /// <inheritdoc cref="ProcessStopping.Stop"/>
    public bool Stop(ControlledThread thread) => _stopping.Stop(thread);

    /// <inheritdoc cref="ProcessStopping.TryHandOver"/>
    public bool TryHandOver(ControlledThread thread) => _stopping.TryHandOver(thread);

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
        do
        {
            if (_threads.Find(thread => thread.HasNews) is not { } told)
                continue;
            told.HasNews = false;
            return told;
        }
        while (Intake.TakeOne());

        return null;
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
            if (!Intake.TakeOne())
                Clock.Sleep(SleepMicroseconds);
        }
    }

    /// <summary>Lets all go for good, with the signals that were on their way.</summary>
    public void DetachAll()
    {
        bool isLeaderFirst = HasSignalsForLeader();
        if (isLeaderFirst && Find(Pid) is { State: RunState.Stopped } leader)
        {
            Detach(leader);
            _ = _threads.Remove(leader);
            PendingSignals.AwaitTaken(_tasks, Pid);
        }

        foreach (ControlledThread thread in _threads)
        {
            if (thread.State == RunState.Stopped)
                Detach(thread);
        }

        Leave();
    }

    private void Detach(ControlledThread thread)
    {
        _reading.Prepare(thread, isLast: true);
        IgnoredSignals.BeforeGoingOn(_tasks, thread.Tid, TakePatience, InterruptAwake);
        _ = PTrace.Detach(thread.Tid, SignalOf(thread));
    }

    private void InterruptAwake() => IgnoredSignals.InterruptAwake(_tasks, _threads.FindAll(thread => thread.State == RunState.Running).ConvertAll(thread => thread.Tid));

    /// <summary>Who sleeps on is let go when it stops the next time.</summary>
    private void Leave()
    {
        Intake.Remove(this, _threads.FindAll(thread => thread.State != RunState.Stopped).ConvertAll(thread => thread.Tid));
        _threads.Clear();
        Intake.LetAwakeGo(_tasks);
    }

    private bool HasSignalsForLeader() => _threads.Count > 1 && _tasks.Status(Pid) is { } status && PendingSignals.WaitForLeader(status);

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
        IgnoredSignals.BeforeGoingOn(_tasks, thread.Tid, TakePatience, InterruptAwake);
        bool goesOn = thread.Status.Kind == StopKind.Group && !thread.StopsAtCalls
            ? PTrace.Listen(thread.Tid)
            : thread.StopsAtCalls ? PTrace.ContinueToCall(thread.Tid, signal) : PTrace.Continue(thread.Tid, signal);
        thread.State = goesOn ? RunState.Running : RunState.Stopping;
        thread.Tracee.State = TraceeState.Stopping;
    }

    /// <summary>One of its threads has stopped for a signal that the kernel has not been asked for: see <see cref="PTrace.PeekAny"/>.</summary>
    internal bool HasUntaken => _threads.Exists(thread => thread.IsUntaken);

    /// <summary>A thread of its own has stopped, or ended; the kernel has not been told that this was noticed.</summary>
    internal void Take(ControlledThread thread, WaitStatus status)
    {
        // Before the signal is taken: see PTrace.PeekAny.
        ulong? trap = status is { Kind: StopKind.Signal, Signal: Trap } ? Places.LeaveTrap(thread.Tid) : null;
        if (status.Kind == StopKind.Signal && trap is null)
        {
            thread.IsUntaken = true;
            thread.Met = thread.Trap = null;
            Settle(thread, status);
        }
        else if (PTrace.Poll(thread.Tid) is { } taken)
        {
            thread.Trap = thread.Met = taken.Kind == StopKind.Signal ? trap : null;
            Settle(thread, taken);
        }
    }

    internal void Settle(ControlledThread thread, WaitStatus status)
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
        thread.Trap ??= thread.Tracee.HasRegisters ? Places.Sites?.Shown(thread.Tracee.Registers.Rip) : null;
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
                    ProcessStopping.Interrupt(thread);
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
        if (Intake.TryClaim(child, out WaitStatus status))
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
        Leave();
    }
}
