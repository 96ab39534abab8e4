using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Formats.ProcText;
using Kaa.Formats;

namespace Kaa.Control.Running;

/// <summary>What a thread was doing when it was sent into <see cref="X64Runner"/>, and how it gets back to it.</summary>
internal sealed class SuspendedWork
{
    // The longest extended state that is copied: with AMX 11 KiB.
    private const int MostState = 16 << 10;

    // SIGILL 4, SIGTRAP 5, SIGBUS 7, SIGFPE 8, SIGSEGV 11: what the code itself would cause.
    private const ulong Faults = 1ul << 3 | 1ul << 4 | 1ul << 6 | 1ul << 7 | 1ul << 10;

    private readonly X64Registers _registers;
    private readonly bool _isRepaired;
    private readonly ulong _mask;
    private readonly byte[] _state;

    private SuspendedWork(Tracee tracee, ulong mask, byte[] state)
    {
        Tid = tracee.Tid;
        _registers = tracee.Registers;
        _isRepaired = tracee.Repaired;
        _mask = mask;
        _state = state;
    }

    public int Tid { get; }

    /// <summary>
    /// Sends a stopped thread into the code. From then on it comes back by itself; <see cref="PutBack"/> does it better. Signals that the program handles wait until it is back: a handler must find
    /// the call that it interrupts interrupted. Null where nothing was changed.
    /// </summary>
    public static SuspendedWork? Send(
        Tracee tracee, TaskDirectory tasks, TargetPatch patch, Address region, int number, Func<Address, byte[]> slot)
    {
        Address frame = X64Runner.FrameOf(region, number);
        return Send(tracee, tasks, patch, frame, X64Runner.Slot(region, number), slot(frame), X64Runner.Start(region, number, tracee.Registers));
    }

    /// <summary>The same for any code that ends with rt_sigreturn.</summary>
    /// <param name="frame">Where that finds the signal frame.</param>
    /// <param name="slot">Where the code finds what it is to do: those bytes.</param>
    /// <param name="start">The registers that begin it.</param>
    public static SuspendedWork? Send(
        Tracee tracee, TaskDirectory tasks, TargetPatch patch, Address frame, Address slot, ReadOnlySpan<byte> bytes, in X64Registers start)
    {
        byte[] state = new byte[MostState];
        int length = PTrace.GetRegisterSet(tracee.Tid, X64SignalFrame.ExtendedState, state);
        if (length == 0 || !PTrace.TryGetSignalMask(tracee.Tid, out ulong mask) || tasks.Status(tracee.Tid) is not { } status)
            return null;
        state = state[..length];
        var work = new SuspendedWork(tracee, mask, state);
        if (!patch.TryWrite(frame, X64SignalFrame.Build(frame, SyscallRestart.MadeAgain(tracee.Registers), mask, state))
            || !patch.TryWrite(slot, bytes)
            || !PTrace.SetAll(tracee.Tid, start))
            return null;
        _ = PTrace.SetSignalMask(tracee.Tid, mask | (CaughtOf(status) & ~Faults));
        tracee.Repaired = false;
        return work;
    }

    /// <summary>For a thread that is stopped where it waits to be put back: it is as it was before, and still stopped.</summary>
    public void PutBack(Tracee tracee)
    {
        _ = PTrace.SetRegisterSet(tracee.Tid, X64SignalFrame.ExtendedState, _state);
        X64Registers again = SyscallRestart.MadeAgain(_registers);

        // Where the kernel's own restart is as good, it is left to it: a signal that waits for the thread then finds its call interrupted.
        bool isKernels = !_isRepaired && SyscallRestart.WasInCall(_registers) && again.Rip == SyscallRestart.Restarted(_registers).Rip
            && again.Rax == SyscallRestart.Restarted(_registers).Rax;
        tracee.Registers = isKernels || _isRepaired ? _registers : again;
        tracee.Repaired = _isRepaired;
        tracee.HasRegisters = true;
        _ = PTrace.SetAll(tracee.Tid, _isRepaired ? SyscallRestart.Repaired(_registers) : tracee.Registers);
        _ = PTrace.SetSignalMask(tracee.Tid, _mask);
    }

    private static ulong CaughtOf(ProcessStatus status) => status.CaughtSignals;
}
