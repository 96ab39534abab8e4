using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Controlling;
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
    private readonly ProcessHold _hold;
    private List<InferiorThread> _threads = [];
    private IMemory _memory;
    private bool _isWaiting;
    private bool _isBrief;
    private PageCache? _glance;
    private LoadedModules _modules;
    private PassingView _passing;
    private InferiorState _state = InferiorState.Running;

    internal LiveInferior(LiveTarget target, TaskDirectory tasks, IReadOnlyList<string> debugDirectories, TracerLoop tracing, StopIntake? intake = null)
        : base(target)
    {
        Tracing = tracing;
        tracing.Idle += StopAwakened;
        Control = new ControlledProcess(tasks, target.Info.Pid!.Value, target.Info.ContainerPid is not null, intake);
        _tasks = tasks;
        _hold = new ProcessHold(Control, tasks, target.Info.Pid!.Value);
        DebugDirectories = debugDirectories;
        target.DebugFiles = target.DebugFiles with { Directories = debugDirectories };
        _memory = target.Glance();
        (_modules, _passing) = (new LoadedModules(target), new PassingView(target));
    }

    public override InferiorState State => _state;

    public override IMemory Memory => _memory;

    public override IReadOnlyList<InferiorThread> Threads => _threads;

    /// <summary>Where separate debug files are sought.</summary>
    internal IReadOnlyList<string> DebugDirectories { get; }

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
    public HeldProcess? Held => _hold.Held;

    /// <summary>For how long it has stood still in this stop; zero while it runs.</summary>
    public TimeSpan StandsStillFor => _hold.Time;

    /// <summary>The longest stop that has ended.</summary>
    public TimeSpan LongestStop => _hold.Longest;

    public LiveTarget Live => (LiveTarget)Target;

    /// <summary>Stops all threads and reads where they are.</summary>
    /// <exception cref="UserError">process-exited, already-traced, stop-refused.</exception>
    public void Hold()
    {
        if (_hold.Held is not null)
            return;
        Tracing.Run(_hold.Begin);
        _state = InferiorState.Stopped;
        Refresh();
    }

    /// <summary>Lets all threads go on.</summary>
    public void Release()
    {
        Tracing.Run(_hold.Release);
        if (_state == InferiorState.Stopped)
            _state = InferiorState.Running;
        _threads = [];
    }

    /// <summary>The process is no more.</summary>
    public void SetExited()
    {
        Tracing.Run(_hold.Release);
        _threads = [];
        _state = InferiorState.Exited;
    }

    /// <summary>It is about to run, by <see cref="Control"/>.</summary>
    public void BeginRun()
    {
        _hold.End();
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
            _hold.Renew();
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
            _hold.Renew();
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
        if (_hold.Held is { } held && _state == InferiorState.Stopped)
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
        Tracing.Run(_hold.Release);
        Tracing.Idle -= StopAwakened;
        Tracing.Dispose();
        _tasks.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Again and again while it stands still: those that were left asleep and have woken up are to stand still too.</summary>
    private void StopAwakened()
    {
        Control.Intake.TakeAll();
        if (_state == InferiorState.Stopped && _hold.Held is not null)
            Control.StopAwakened();
    }

    private void Reopen()
    {
        LiveTarget old = Live;
        LiveTarget fresh = LiveTarget.Open(Pid);
        fresh.DebugFiles = fresh.DebugFiles with { Directories = DebugDirectories };
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
