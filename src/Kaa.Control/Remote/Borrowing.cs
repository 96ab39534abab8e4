using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Control.Remote;

/// <summary>Which of the stopped threads is asked to make a call: the one that notices least.</summary>
public sealed class Borrowing(ObservedTarget target, TaskDirectory tasks, TargetPatch patch, RemoteRoom room)
{
    private const int Signalled = 10; // to the rank of a thread in a call
    private const int RseqSection = 8; // offset of rseq_cs in struct rseq (include/uapi/linux/rseq.h)

    /// <summary>Why the threads that were asked could not be; null where none was refused for such a reason.</summary>
    public RemoteHindrance? Hindrance { get; private set; }

    /// <summary>
    /// One may be taken for which a signal waits that the program handles. It is blocked while the thread makes its calls, and finds the thread's own call as it was. Only if Kaa is killed in
    /// these microseconds is that call made again where the signal should have ended it, so it is the last choice.
    /// </summary>
    public bool AllowsSignalled { get; set; }

    /// <summary>Null where none can be borrowed.</summary>
    public Tracee? Choose(IReadOnlyList<ThreadSight> threads)
    {
        Tracee? best = null;
        int bestRank = int.MaxValue;
        foreach (ThreadSight sight in threads)
        {
            if (!sight.IsStopped || !sight.Tracee!.HasRegisters || Rank(sight.Tracee) is not (>= 0 and int rank) || tasks.Status(sight.Tid) is not { } status)
                continue;
            if (rank > 0 && PendingSignals.Interrupt(status, tasks.Status))
                rank = AllowsSignalled ? rank + Signalled : int.MaxValue;
            if (rank >= bestRank || !MayBorrow(sight.Tracee, status))
                continue;
            best = sight.Tracee;
            bestRank = rank;
        }

        return best;
    }

    /// <summary>True where some thread is inside of the stub: an earlier Kaa was killed, and it has not come out yet.</summary>
    public bool IsRoomTaken(IReadOnlyList<ThreadSight> threads)
    {
        foreach (ThreadSight sight in threads)
        {
            if (sight.ToThread().InstructionPointer is { } rip && X64CallStub.Contains(room.Stub, rip.Value))
                return true;
        }

        return false;
    }

    /// <summary>
    /// A running thread is put back exactly. So is one in a call that the kernel makes again by itself; last come calls whose interruption had
    /// to be repaired. −1: never.
    /// </summary>
    private static int Rank(Tracee tracee)
    {
        if (tracee.Status.Kind is not (StopKind.Event or StopKind.Group) || !X64CallStub.IsSupported(tracee.Registers))
            return -1;
        if (!SyscallRestart.WasInCall(tracee.Registers))
            return 0;
        if (tracee.Repaired)
            return 2;
        return SyscallRestart.IsRestartCode(unchecked((long)tracee.Registers.Rax)) ? 1 : -1;
    }

    private bool MayBorrow(Tracee tracee, ProcessStatus status)
    {
        if (PendingSignals.AreFatal(status))
            return false;
        if (RemoteHindrance.Of(status) is { } hindrance)
        {
            Hindrance = hindrance;
            return false;
        }

        if (SyscallRestart.WasInCall(tracee.Registers) && !PTrace.IsSyscallInstruction(tracee.Tid, SyscallRestart.Instruction(tracee.Registers).Value))
            return false;
        return HasStack(tracee.Registers) && !IsInRestartableSequence(tracee);
    }

    /// <summary>Below its stack pointer the stub needs some room, for signal handlers too.</summary>
    private bool HasStack(in X64Registers registers)
    {
        Address lowest = X64CallStub.Scratch(registers) - X64CallStub.StackUse;
        Span<byte> word = stackalloc byte[8];
        return target.Modules.FindMapping(new Address(registers.Rsp)) is { } stack && stack.Can(MappingAccess.Write)
            && (lowest >= stack.Start || stack.Path == "[stack]")
            && patch.TryRead(lowest, word);
    }

    /// <summary>
    /// The kernel forgets such a section as soon as it sees the thread elsewhere (rseq_ip_fixup, kernel/rseq.c), so the thread could end
    /// it on another processor.
    /// </summary>
    private bool IsInRestartableSequence(Tracee tracee)
    {
        if (PTrace.RseqArea(tracee.Tid) is not { } area || area == 0)
            return false;
        Span<byte> pointer = stackalloc byte[8];
        if (!patch.TryRead(new Address(area) + RseqSection, pointer))
            return true;
        if (!pointer.ContainsAnyExcept((byte)0))
            return false;

        // It may be stale: struct rseq_cs has the first address at 8 and the length at 16.
        Span<byte> section = stackalloc byte[24];
        ulong start = ((ReadOnlySpan<byte>)pointer).PointerAt(0);
        if (!patch.TryRead(new Address(start), section))
            return true;
        ReadOnlySpan<byte> read = section;
        return unchecked(tracee.Registers.Rip - read.PointerAt(8)) < read.PointerAt(16);
    }
}
