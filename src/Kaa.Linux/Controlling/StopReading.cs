using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Controlling;

/// <summary>What a stop did to the system call that a thread was in, and what must be so before it goes on. As <see cref="Tracer"/> does for looks.</summary>
internal sealed class StopReading(TaskDirectory tasks)
{
    /// <summary>The repair comes first of all, so that the call is right even if Kaa is killed in the next microsecond.</summary>
    public void Read(ControlledThread thread)
    {
        Tracee tracee = thread.Tracee;
        tracee.Status = thread.Met is null ? thread.Status : new WaitStatus(StopKind.Event, 0);
        tracee.State = TraceeState.Stopped;
        tracee.Repaired = false;
        tracee.IsAtOwnCall = false;
        tracee.HasRegisters = PTrace.TryGetRegisters(thread.Tid, out X64Registers registers);
        tracee.Registers = registers;
        if (!tracee.HasRegisters || !SyscallRestart.NeedsRepair(registers) || thread.Status.Kind == StopKind.Group)
            return;
        if (thread.Status.Kind == StopKind.Signal && !(tasks.Status(thread.Tid) is { } status && PendingSignals.Ignores(status, thread.Status.Signal)))
            return;
        tracee.Repaired = PTrace.TryRepair(thread.Tid, registers);
    }

    /// <summary>The thread goes on as if the signal that it has stopped for had never come. By now somebody else has it: the kernel is told that this one was noticed, or would tell of it again.</summary>
    /// <returns>How the thread has ended meanwhile; null where it has not.</returns>
    public static WaitStatus? Drop(ControlledThread thread)
    {
        if (thread.IsUntaken && PTrace.Poll(thread.Tid) is { Kind: StopKind.Ended } end)
            return end;
        thread.Signal = 0;
        thread.HasNews = thread.IsUntaken = false;
        thread.Status = new WaitStatus(StopKind.Event, 0);
        thread.Tracee.Status = thread.Status;
        thread.Tracee.Repaired = thread.Tracee.HasRegisters && PTrace.TryRepair(thread.Tid, thread.Tracee.Registers);
        return null;
    }

    /// <summary>
    /// A signal must find the thread's call as it would be without Kaa: interrupted. A call that was cut short is made again: by us where the kernel would not. At the end of a call of ours the
    /// kernel makes it again only where it has to look for signals: an interrupt has it do that, whether there is one or not, and stops the thread once more.
    /// </summary>
    /// <param name="isLast">It is detached: the kernel looks for signals then.</param>
    public void Prepare(ControlledThread thread, bool isLast = false)
    {
        Tracee tracee = thread.Tracee;
        if (!tracee.HasRegisters || (!tracee.Repaired && !tracee.IsAtOwnCall))
            return;
        bool isSignalled = tasks.Status(thread.Tid) is { } status
            ? PendingSignals.Interrupt(status, tasks.Status) || (thread.Signal != 0 && !PendingSignals.Ignores(status, thread.Signal))
            : thread.Signal != 0;
        if (tracee.Repaired && isSignalled)
            _ = PTrace.SetAll(thread.Tid, tracee.Registers);
        else if (tracee.IsAtOwnCall && !tracee.Repaired && !isLast && SyscallRestart.WasInCall(tracee.Registers))
            _ = PTrace.Interrupt(thread.Tid);
        tracee.Repaired = false;
        tracee.IsAtOwnCall = false;
    }
}
