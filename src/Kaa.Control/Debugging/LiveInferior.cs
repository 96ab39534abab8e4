using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Python.Inspection;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging;

/// <summary>
/// A live process. While it is <see cref="InferiorState.Stopped"/> all threads are held by a thread of Kaa's (<see cref="Tracing"/>), which ends with Kaa: the kernel then
/// lets the process go on. Threads in calls that an interrupt would end sleep on; they are read where they sleep.
/// </summary>
public sealed class LiveInferior : Inferior
{
    private readonly TaskDirectory _tasks;
    private readonly ProcRoot _proc = ProcRoot.System;
    private readonly IReadOnlyList<string> _debugDirectories;
    private List<InferiorThread> _threads = [];
    private IMemory _memory;
    private HeldProcess? _held;
    private long? _heldSince;
    private bool _isWaiting;
    private bool _isBrief;
    private PageCache? _glance;
    private LoadedModules _modules;
    private PassingView _passing;
    private InferiorState _state = InferiorState.Running;

    private LiveInferior(LiveTarget target, TaskDirectory tasks, IReadOnlyList<string> debugDirectories, TracerLoop tracing, StopIntake? intake = null)
        : base(target)
    {
        Tracing = tracing;
        tracing.Idle += StopAwakened;
        Control = new ControlledProcess(tasks, target.Info.Pid!.Value, target.Info.ContainerPid is not null, intake);
        _tasks = tasks;
        _debugDirectories = debugDirectories;
        target.DebugFiles = target.DebugFiles with { Directories = debugDirectories };
        _memory = target.Glance();
        (_modules, _passing) = (new LoadedModules(target), new PassingView(target));
    }

    public override InferiorState State => _state;

    public override IMemory Memory => _memory;

    public override IReadOnlyList<InferiorThread> Threads => _threads;

    /// <summary>The thread that traces: every ptrace call is made there.</summary>
    public TracerLoop Tracing { get; }

    /// <summary>The process's threads, run and stopped one by one. To be used on <see cref="Tracing"/> alone.</summary>
    public ControlledProcess Control { get; }

    /// <summary>Hides what Kaa has put into the process's code; null where nothing is.</summary>
    public Func<IMemory, IMemory>? Cover { get; set; }

    /// <summary>How often the dynamic linker has told of what it loads; null where that is not counted.</summary>
    internal Func<ulong?>? Loads { get; set; }

    /// <summary>Memory as it is at each read, also while the process runs.</summary>
    public IMemory LiveMemory => Live.Current;

    /// <summary>Null while it runs. To be used on <see cref="Tracing"/> alone.</summary>
    public HeldProcess? Held => _held;

    /// <summary>For how long it has stood still in this stop; zero while it runs.</summary>
    public TimeSpan StandsStillFor => _heldSince is { } since ? TimeSpan.FromMicroseconds(Clock.Microseconds - since) : TimeSpan.Zero;

    /// <summary>The longest stop that has ended.</summary>
    public TimeSpan LongestStop { get; private set; }

    public LiveTarget Live => (LiveTarget)Target;

    /// <summary>Opens a process and stops it.</summary>
    /// <exception cref="UserError">Those of <see cref="LiveTarget.Open(int)"/>; already-traced, stop-refused.</exception>
    public static LiveInferior Attach(int pid, IReadOnlyList<string> debugDirectories)
    {
        LiveTarget target = LiveTarget.Open(pid);
        TaskDirectory? tasks = TaskDirectory.Open(ProcRoot.System, pid);
        if (tasks is null)
        {
            target.Dispose();
            throw ProcessGate.Exited(pid);
        }

        var inferior = new LiveInferior(target, tasks, debugDirectories, new TracerLoop());
        try
        {
            inferior.Hold();
            return inferior;
        }
        catch
        {
            inferior.Dispose();
            throw;
        }
    }

    /// <summary>Starts a program: it stands before its first instruction, with its libraries loaded.</summary>
    /// <exception cref="UserError">Those of <see cref="Launcher.Start"/>; process-exited.</exception>
    public static LiveInferior Launch(LaunchRequest request, IReadOnlyList<string> debugDirectories)
    {
        var tracing = new TracerLoop();
        try
        {
            int pid = 0;
            WaitStatus? end = null;
            tracing.Run(() =>
            {
                pid = Launcher.Start(request, PTrace.MarkCalls);
                end = StartUp.RunToLoaded(ProcRoot.System, pid);
            });
            if (end is { } ended)
                throw new UserError("process-exited", $"The program ended before it began, with status {ended.Exit}.", "its libraries could not be loaded, most likely: run it without Kaa");
            LiveTarget target = LiveTarget.Open(pid);
            var inferior = new LiveInferior(target, TaskDirectory.Open(ProcRoot.System, pid) ?? throw ProcessGate.Exited(pid), debugDirectories, tracing);
            tracing.Run(() => inferior.Control.AdoptLaunched(new WaitStatus(StopKind.Event, 0)));
            inferior.EndRun();
            return inferior;
        }
        catch
        {
            tracing.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a process that this one, which is traced on the same thread, has made: it stands before its first instruction.</summary>
    /// <exception cref="UserError">process-exited</exception>
    public LiveInferior AdoptChild(int pid)
    {
        LiveTarget target = LiveTarget.Open(pid);
        var inferior = new LiveInferior(target, TaskDirectory.Open(ProcRoot.System, pid) ?? throw ProcessGate.Exited(pid), _debugDirectories, Tracing.Share(), Control.Intake);
        Tracing.Run(() => inferior.Control.AdoptLaunched(new WaitStatus(StopKind.Event, 0)));
        inferior.EndRun();
        return inferior;
    }

    /// <summary>Stops all threads and reads where they are.</summary>
    /// <exception cref="UserError">process-exited, already-traced, stop-refused.</exception>
    public void Hold()
    {
        if (_held is not null)
            return;
        Tracing.Run(HoldHere);
        _state = InferiorState.Stopped;
        Refresh();
    }

    /// <summary>Lets all threads go on.</summary>
    public void Release()
    {
        Tracing.Run(ReleaseHere);
        if (_state == InferiorState.Stopped)
            _state = InferiorState.Running;
        _threads = [];
    }

    /// <summary>The process is no more.</summary>
    public void SetExited()
    {
        Tracing.Run(ReleaseHere);
        _threads = [];
        _state = InferiorState.Exited;
    }

    /// <summary>It is about to run, by <see cref="Control"/>.</summary>
    public void BeginRun()
    {
        _held?.Dispose();
        _held = null;
        EndStop();
        _threads = [];
        _isBrief = false;
        _state = InferiorState.Running;
    }

    /// <summary>It stands still again: what each thread is now is read.</summary>
    /// <param name="isBrief">It goes on soon, most likely: what is mapped is read anew only where a library was loaded, until <see cref="EndBriefness"/>.</param>
    public void EndRun(bool isBrief = false)
    {
        _isBrief = isBrief;
        Tracing.Run(() =>
        {
            HoldAgain();
            _heldSince ??= Clock.Microseconds;
            _state = InferiorState.Stopped;
            Refresh();
        });
    }

    /// <summary>It stays stopped after all.</summary>
    public void EndBriefness()
    {
        bool was = _isBrief;
        _isBrief = false;
        if (was && _state == InferiorState.Stopped && _modules.AreOthers())
            Refresh();
    }

    /// <summary>
    /// In the midst of a run one thread waits for Kaa at a hook, and the others go on: it alone is shown, as if all stood still, until <see cref="HideWaiting"/>. False where
    /// not enough is known of it. On <see cref="Tracing"/> alone.
    /// </summary>
    /// <param name="registers">As the program has them at the hook.</param>
    /// <param name="isNamed">Its number and name are asked for, too.</param>
    public bool TryShowWaiting(ControlledThread thread, Kaa.Linux.Registers.X64Registers registers, bool isNamed)
    {
        if (thread.Tracee is not { HasRegisters: true, Registers.FsBase: not 0 } || (isNamed && !HasNumber(thread.Tid)))
            return false;
        int number = HasNumber(thread.Tid) ? NumberOf(thread.Tid) : 0;
        InferiorThread waiting = LiveThreads.Waiting(number, thread, NamespaceTidOf(thread.Tid), isNamed ? NameOf(thread.Tid) : null, registers);
        if (!TryRenewInPassing(thread.Tid))
            return false;
        _threads = [waiting];
        _isWaiting = true;
        _state = InferiorState.Stopped;
        return true;
    }

    /// <summary>The run goes on.</summary>
    public void HideWaiting()
    {
        _threads = [];
        _isWaiting = false;
        _state = InferiorState.Running;
    }

    /// <summary>The thread that the process began with has ended, and others have not.</summary>
    public bool IsLeaderGone => _tasks.Stat(Pid) is not { IsZombie: false, IsExiting: false };

    /// <summary>Only one thread is shown, and the others run: nothing of the process may be changed.</summary>
    public bool IsShownWaiting => _isWaiting;

    public override int ThreadCount => _isWaiting ? Control.Threads.Count : _threads.Count;

    public override Look Look() => _isWaiting ? new Look(Memory, [_threads[0].Kernel], new HashSet<int> { _threads[0].Tid }, 0) : base.Look();

    public override UnwoundStack Unwind(CapturedStack stack) => _isWaiting ? _passing.Unwind(stack, Memory, Rules) : base.Unwind(stack);

    public override PythonMoment NewMoment(PythonProcess python) => (_isWaiting ? _passing.MomentOf(python, Look()) : null) ?? base.NewMoment(python);

    /// <summary>While it stands still in the midst of a run: what has been loaded, or taken its place.</summary>
    public void Renew()
    {
        if ((!_isBrief || _modules.MayBeOthers(Loads)) && _modules.AreOthers())
            Reopen();
        SeekPythonAgain();
        _memory = Covered();
    }

    /// <summary>The same, where nothing stands still but a thread that waits. False where the process is just ending.</summary>
    private bool TryRenewInPassing(int tid)
    {
        base.Refresh();
        try
        {
            if (_modules.MayBeOthers(Loads) && _modules.AreOthers())
                Reopen();
            SeekPythonAgain();
            IMemory memory = _passing.Begin(tid);
            _memory = Cover?.Invoke(memory) ?? memory;
            return true;
        }
        catch (UserError)
        {
            return false;
        }
        catch (TargetFault)
        {
            return false;
        }
    }

    /// <summary>The kernel's view of its threads.</summary>
    public TaskDirectory Tasks => _tasks;

    /// <summary>The kernel's name for a thread; null where it is gone.</summary>
    public string? NameOf(int tid) => _tasks.Stat(tid)?.Name;

    /// <summary>A thread's id in the process's own pid namespace.</summary>
    public int NamespaceTidOf(int tid) => Live.Info.ContainerPid is not null && _tasks.Status(tid) is { NamespacePids: [.., var inner] } ? inner : tid;

    /// <summary>
    /// While it stands still: takes a thread out of the call that it was left asleep in, for what needs its registers. Were Kaa killed in the next microseconds, that call
    /// would return EINTR. False where it does not stop.
    /// </summary>
    public bool TryWake(int tid)
    {
        bool stopped = false;
        Tracing.Run(() =>
        {
            stopped = Control.Find(tid) is { } thread && Control.Stop(thread);
            HoldAgain();
        });
        Refresh();
        return stopped;
    }

    /// <summary>Ends the process.</summary>
    public void Kill()
    {
        Tracing.Run(() =>
        {
            _ = PTrace.Kill(Pid);
            Control.AwaitEnd();
        });
        SetExited();
    }

    public override void Refresh()
    {
        base.Refresh();
        if (_state == InferiorState.Exited)
            return;
        Renew();
        if (_held is { } held && _state == InferiorState.Stopped)
            Tracing.Run(() => _threads = LiveThreads.Read(held, Control, NumberOf, _threads));
    }

    public override void Write(Address address, ReadOnlySpan<byte> bytes)
    {
        if (_isWaiting)
            throw new Execution.StandstillNeeded();
        using TargetPatch? patch = TargetPatch.OpenProcess(_proc, Pid);
        if (patch is null || !patch.TryWrite(address, bytes))
            throw new UserError("not-writable", $"Cannot access memory at address {address}", "memory of a process is written through /proc/PID/mem, which takes the rights of ptrace");
        _memory = Covered();
    }

    public override void Detach()
    {
        Release();
        _state = InferiorState.Exited;
    }

    protected override void Dispose(bool disposing)
    {
        Tracing.Run(ReleaseHere);
        Tracing.Idle -= StopAwakened;
        Tracing.Dispose();
        _tasks.Dispose();
        base.Dispose(disposing);
    }

    private void HoldHere()
    {
        _heldSince = Clock.Microseconds;
        Scheduling.Hasten();
        bool isThere = Control.Seize();
        Control.StopAll();
        Scheduling.Relax(0);
        HeldProcess held = Control.Held();
        _held = held;
        if (!isThere && held.Threads.Count == 0)
        {
            ReleaseHere();
            throw ProcessGate.Exited(Pid);
        }

        if (Standing.WhyNot(held, _tasks, Pid) is not { } why)
            return;
        ReleaseHere();
        throw why;
    }

    /// <summary>Again and again while it stands still: those that were left asleep and have woken up are to stand still too.</summary>
    private void StopAwakened()
    {
        Control.Intake.TakeAll();
        if (_state == InferiorState.Stopped && _held is not null)
            Control.StopAwakened();
    }

    private void HoldAgain()
    {
        _held?.Dispose();
        _held = Control.Held();
    }

    private void ReleaseHere()
    {
        Control.DetachAll();
        _held?.Dispose();
        _held = null;
        EndStop();
    }

    private void EndStop()
    {
        LongestStop = StandsStillFor > LongestStop ? StandsStillFor : LongestStop;
        _heldSince = null;
    }

    private void Reopen()
    {
        LiveTarget old = Live;
        LiveTarget fresh = LiveTarget.Open(Pid);
        fresh.DebugFiles = fresh.DebugFiles with { Directories = _debugDirectories };
        Target = fresh;
        (_modules, _passing, _glance) = (new LoadedModules(fresh), new PassingView(fresh), null);
        old.Dispose();
    }

    /// <summary>Memory as of now; what was given before is over. Its buffers are used again: new ones cost more than what is read into them.</summary>
    private IMemory Covered()
    {
        _glance ??= new PageCache(Live.Current);
        _glance.Clear();
        return Cover?.Invoke(_glance) ?? _glance;
    }
}
