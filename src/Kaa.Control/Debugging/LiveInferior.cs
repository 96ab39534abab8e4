using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;

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
    private InferiorState _state = InferiorState.Running;

    private LiveInferior(LiveTarget target, TaskDirectory tasks, IReadOnlyList<string> debugDirectories)
        : base(target)
    {
        _tasks = tasks;
        _debugDirectories = debugDirectories;
        target.DebugFiles = target.DebugFiles with { Directories = debugDirectories };
        _memory = target.Glance();
    }

    public override InferiorState State => _state;

    public override IMemory Memory => _memory;

    public override IReadOnlyList<InferiorThread> Threads => _threads;

    /// <summary>The thread that traces: every ptrace call is made there.</summary>
    public TracerLoop Tracing { get; } = new();

    /// <summary>Null while it runs. To be used on <see cref="Tracing"/> alone.</summary>
    public HeldProcess? Held => _held;

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

        var inferior = new LiveInferior(target, tasks, debugDirectories);
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

    /// <summary>Stops all threads and reads where they are.</summary>
    /// <exception cref="UserError">process-exited, already-traced, stop-refused.</exception>
    public void Hold()
    {
        if (_held is not null)
            return;
        Tracing.Run(HoldHere, () => _held?.Tracer.BuryTheDead());
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

    /// <summary>
    /// For whoever holds the threads by other means than <see cref="Hold"/> (they stand at a breakpoint, were stepped): what each is now.
    /// </summary>
    public void SetStopped(IReadOnlyList<(TargetThread Thread, X64RegisterFile Registers)> threads)
    {
        _threads = Numbered(threads);
        _state = InferiorState.Stopped;
        Refresh();
    }

    public override void Refresh()
    {
        base.Refresh();
        if (_state == InferiorState.Exited)
            return;
        if (HasOtherModules())
        {
            LiveTarget old = Live;
            LiveTarget fresh = LiveTarget.Open(Pid);
            fresh.DebugFiles = fresh.DebugFiles with { Directories = _debugDirectories };
            Target = fresh;
            old.Dispose();
        }

        SeekPythonAgain();
        _memory = Live.Glance();
        if (_held is { } held && _state == InferiorState.Stopped)
            Tracing.Run(() => ReadThreads(held));
    }

    public override void Write(Address address, ReadOnlySpan<byte> bytes)
    {
        using TargetPatch? patch = TargetPatch.Open(_proc, Pid);
        if (patch is null || !patch.TryWrite(address, bytes))
            throw new UserError("not-writable", $"Cannot access memory at address {address}", "memory of a process is written through /proc/PID/mem, which takes the rights of ptrace");
        _memory = Live.Glance();
    }

    public override void Detach()
    {
        Release();
        _state = InferiorState.Exited;
    }

    protected override void Dispose(bool disposing)
    {
        Tracing.Run(ReleaseHere);
        Tracing.Dispose();
        _tasks.Dispose();
        base.Dispose(disposing);
    }

    private void HoldHere()
    {
        var held = new HeldProcess(_tasks, Live.Info.ContainerPid is not null);
        _held = held;
        Scheduling.Hasten();
        bool isThere = held.Stop();
        Scheduling.Relax(0);
        if (!isThere)
        {
            ReleaseHere();
            throw ProcessGate.Exited(Pid);
        }

        if (WhyNotHeld(held) is not { } why)
            return;
        ReleaseHere();
        throw why;
    }

    private void ReleaseHere()
    {
        _held?.Dispose();
        _held = null;
    }

    /// <summary>Another tracer has a thread, or the kernel does not let us.</summary>
    private UserError? WhyNotHeld(HeldProcess held)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.IsHeld || sight.Conduct is not (ThreadConduct.Running or ThreadConduct.Held) || _tasks.Status(sight.Tid) is not { } status)
                continue;
            if (status.TracerPid != 0)
                return new UserError("already-traced", $"process {Pid} is traced already, by process {status.TracerPid}", "only one debugger can hold a process; end the other one, or look with kaa bt");
            if (_tasks.Stat(sight.Tid) is { IsZombie: false, IsExiting: false })
                return new UserError("stop-refused", $"the kernel does not let Kaa stop the threads of process {Pid}", "a seccomp filter on Kaa is the usual reason: run it outside of the container");
        }

        return null;
    }

    private void ReadThreads(HeldProcess held)
    {
        var found = new List<(TargetThread, X64RegisterFile)>(held.Threads.Count);
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct != ThreadConduct.Ended)
                found.Add((sight.ToThread(), RegistersOf(sight)));
        }

        _threads = Numbered(found);
    }

    private List<InferiorThread> Numbered(IReadOnlyList<(TargetThread Thread, X64RegisterFile Registers)> found)
    {
        var threads = new List<InferiorThread>(found.Count);
        foreach ((TargetThread thread, X64RegisterFile registers) in found)
        {
            InferiorThread? before = _threads.Find(one => one.Tid == thread.Tid);
            threads.Add(new InferiorThread(NumberOf(thread.Tid), thread, registers) { GivenName = before?.GivenName });
        }

        threads.Sort((left, right) => left.Number.CompareTo(right.Number));
        return threads;
    }

    private static X64RegisterFile RegistersOf(ThreadSight sight)
    {
        if (sight is { IsStopped: true, Tracee.HasRegisters: true })
        {
            Kaa.Linux.Registers.X64Registers registers = sight.Tracee.Registers;
            return new X64RegisterFile(MemoryMarshal.Cast<Kaa.Linux.Registers.X64Registers, ulong>(MemoryMarshal.CreateReadOnlySpan(ref registers, 1)));
        }

        TargetThread thread = sight.ToThread();
        var known = new X64Registers();
        known[X64Registers.Rsp] = thread.StackPointer?.Value;
        known[X64Registers.Rip] = thread.InstructionPointer?.Value;
        return new X64RegisterFile(known, null);
    }

    private bool HasOtherModules()
    {
        var text = new KernelText();
        if (!text.TryRead(_proc.Of(Pid, "maps"), out ReadOnlySpan<byte> maps))
            return false;
        List<Mapping> now = MapsParser.Parse(maps);
        List<Mapping> files = now.FindAll(mapping => mapping.IsFile);
        int i = 0;
        foreach (Mapping mapping in Target.Mappings)
        {
            if (!mapping.IsFile)
                continue;
            if (i >= files.Count || files[i].Start != mapping.Start || files[i].End != mapping.End || files[i].Inode != mapping.Inode)
                return true;
            i++;
        }

        return i != files.Count;
    }
}
