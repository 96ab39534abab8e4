using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Linux.Looking;

/// <summary>What is known of one thread in one pass.</summary>
public sealed class ThreadSight
{
    public required int Tid { get; init; }

    public int NamespaceTid { get; init; }

    public string? Name { get; init; }

    /// <summary>The letter in stat.</summary>
    public char State { get; init; }

    public SyscallText? Call { get; init; }

    public ThreadConduct Conduct { get; init; }

    /// <summary>Taken before <see cref="Call"/> was; null where the kernel does not count.</summary>
    public RunCount? Count { get; init; }

    public int TracerPid { get; set; }

    /// <summary>Null where the thread was not stopped for this pass.</summary>
    public Tracee? Tracee { get; set; }

    /// <summary>Nothing of its program runs until it is released.</summary>
    public bool IsHeld => Tracee is { State: TraceeState.Stopped or TraceeState.Overdue };

    public bool IsStopped => Tracee is { State: TraceeState.Stopped };

    /// <summary>Where it sleeps; null where it runs, and for the shell of a thread that has exited.</summary>
    private SyscallText? Asleep => Call is { Running: false } call && Conduct != ThreadConduct.Ended ? call : null;

    public TargetThread ToThread()
    {
        X64Registers? registers = IsStopped && Tracee!.HasRegisters ? Tracee.Registers : null;
        return new TargetThread
        {
            Tid = Tid,
            NamespaceTid = NamespaceTid,
            Name = Name,
            State = ThreadStateOf(registers),
            StoppedByKaa = IsHeld,
            TracerPid = TracerPid,
            Call = CallOf(registers),
            StackPointer = registers is { } r ? new(r.Rsp) : Asleep?.StackPointer,
            InstructionPointer = registers is { } i ? new(i.Rip) : Asleep?.InstructionPointer,
            Registers = registers?.General(),
            ThreadPointer = registers is { FsBase: not 0 } t ? new(t.FsBase) : null,
        };
    }

    private ThreadState ThreadStateOf(X64Registers? registers)
    {
        if (registers is { } stopped)
            return SyscallRestart.WasInCall(stopped) ? ThreadState.Sleeping : ThreadState.Running;
        if (Conduct == ThreadConduct.Running)
            return ThreadState.Running;

        // Seen awake, but asleep by the time that its call was read.
        return Conduct == ThreadConduct.Parked && State == 'R' ? ThreadState.Sleeping : TaskState.Of(State);
    }

    private BlockedCall? CallOf(X64Registers? registers)
    {
        if (registers is { } stopped)
            return SyscallRestart.Call(stopped);
        return Asleep is { } call
            ? new BlockedCall(call.Number, call.Arg0, call.Arg1, call.Arg2, call.Arg3, call.Arg4, call.Arg5)
            : null;
    }
}
