using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Tracing;

/// <summary>
/// Hides from a traced thread that a stop, or a signal that it ignores, has cut short its system call. The kernel makes most calls again by itself; those that
/// give EINTR are set up to be made again (<see cref="SyscallRestart"/>). A signal that the program handles interrupts its call as it would untraced.
/// </summary>
public static class AttachRepair
{
    /// <summary>At the first stop after an interrupt.</summary>
    /// <returns>Null where the thread is gone.</returns>
    public static X64Registers? AtInterrupt(int tid, WaitStatus status)
    {
        if (!PTrace.TryGetRegisters(tid, out X64Registers registers))
            return null;
        if (status.Kind == StopKind.Event || (status.Kind == StopKind.Signal && Ignores(tid, status.Signal)))
            Repair(tid, registers);
        return registers;
    }

    /// <summary>At the stop for a signal: untraced, one that is ignored would not even have woken the thread (sig_ignored, kernel/signal.c).</summary>
    public static void AtSignal(int tid, int signal)
    {
        if (PTrace.TryGetRegisters(tid, out X64Registers registers) && SyscallRestart.NeedsRepair(registers) && Ignores(tid, signal))
            Repair(tid, registers);
    }

    /// <summary>
    /// At the exit of a call that has given EINTR. Where no signal waits that the program handles, nothing but the tracing has woken it: a signal that is ignored is queued for a
    /// traced thread only, and one that was queued for the process may have been taken by another thread.
    /// </summary>
    /// <returns>True where the call is made again.</returns>
    public static bool AtExit(int tid) =>
        Status(tid) is { } status && !PendingSignals.Interrupt(status, Status) && PTrace.TryGetRegisters(tid, out X64Registers registers) && PTrace.TryRepair(tid, registers);

    private static void Repair(int tid, in X64Registers registers)
    {
        // A signal that waits for the thread must find its call as it would be without us: interrupted.
        if (PTrace.TryRepair(tid, registers) && Status(tid) is { } status && PendingSignals.Interrupt(status, Status))
            _ = PTrace.SetAll(tid, registers);
    }

    private static bool Ignores(int tid, int signal) => Status(tid) is { } status && PendingSignals.Ignores(status, signal);

    private static ProcessStatus? Status(int tid)
    {
        var text = new KernelText();
        return text.TryRead(ProcRoot.System.Of(tid, "status"), out ReadOnlySpan<byte> bytes) && !bytes.IsEmpty ? StatusParser.Parse(bytes) : null;
    }
}
