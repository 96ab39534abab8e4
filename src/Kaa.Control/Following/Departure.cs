using Kaa.Control.Agent;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Control.Following;

/// <summary>
/// A thread that waits at one of <see cref="ProcessGates"/>: traced from there on, until it has made its child or runs its program, which stand still then at their first
/// instruction. While it waits it sleeps in a call of the agent's, so that nothing of the program notices the stop. All on one thread, which traces.
/// </summary>
/// <param name="tid">The thread's id.</param>
internal sealed class Departure(AgentSession agent, AgentEvent made, int pid, int tid, bool followsChildren)
{
    private const int Futex = 202;
    private const int Fork = 57;
    private const int VFork = 58;
    private const int PlainClone = 56;
    private const int Clone3 = 435;
    private const int Execve = 59;
    private const int ExecveAt = 322;
    private const int NotImplemented = -38; // ENOSYS; also what a call's result is at its entry
    private const int Stopped = 50_000; // µs
    private const int Looks = 2_000;
    private const int BetweenLooks = 100; // µs

    // Handlers of pthread_atfork make calls too.
    private const int MostStops = 100_000;

    /// <summary>Lets the thread go, and gives who stands still at a beginning; null where nobody does, since the call failed.</summary>
    /// <param name="isProgram">True: at the first instruction of a program. False: a child of fork, that goes on like its parent.</param>
    public int? Follow(out bool isProgram)
    {
        isProgram = false;
        int options = PTrace.MarkCalls | PTrace.TraceExecs | (followsChildren ? PTrace.TraceChildren : 0);
        if (IsVForkChild() || !PTrace.Seize(tid, options))
        {
            agent.Release(made);
            return null;
        }

        _ = PTrace.Interrupt(tid);
        WaitStatus? status = Await(tid, Stopped);
        agent.Release(made);
        for (int i = 0; status is { } stop && i < MostStops; i++)
        {
            switch (stop.Kind)
            {
                case StopKind.Ended:
                    // Who runs a program on another thread has the process's own id from then on.
                    isProgram = true;
                    return tid != pid && PTrace.Poll(pid) is { Kind: StopKind.Exec } ? pid : null;
                case StopKind.Exec:
                    isProgram = true;
                    return pid;
                case StopKind.Child when PTrace.ChildOf(tid) is { } child:
                    if (stop.Event == PTrace.CloneEvent)
                        LetGo(child);
                    else
                        return Leave(child, stop.Event == PTrace.VForkEvent, out isProgram);
                    break;
                case StopKind.Call when HasFailed():
                    _ = PTrace.Detach(tid, 0);
                    return null;
            }

            _ = PTrace.ContinueToCall(tid, stop.SignalToDeliver);
            status = StartUp.Await(tid);
        }

        _ = PTrace.Detach(tid, 0);
        return null;
    }

    /// <summary>
    /// A child of vfork runs in its parent's memory, with its parent's thread pointer: the thread whose id that tells sleeps in vfork. Who waits here sleeps in the agent's futex.
    /// </summary>
    private bool IsVForkChild()
    {
        using TaskDirectory? tasks = TaskDirectory.Open(ProcRoot.System, pid);
        for (int i = 0; tasks is not null && i < Looks; i++)
        {
            SyscallText? call = tasks.Syscall(tid);
            if (call is { Running: false, Number: Futex })
                return false;
            if (call is null or { Running: false, Number: VFork or PlainClone or Clone3 })
                return true;
            Clock.Sleep(BetweenLooks);
        }

        return true;
    }

    /// <summary>The parent is let go at once; a child of vfork has none of its own memory until it runs its program.</summary>
    private int? Leave(int child, bool isVFork, out bool isProgram)
    {
        isProgram = isVFork;
        _ = PTrace.Detach(tid, 0);
        WaitStatus status = StartUp.Await(child);
        if (!isVFork)
            return status.Kind == StopKind.Ended ? null : child;
        _ = PTrace.SetOptions(child, PTrace.MarkCalls | PTrace.TraceExecs);
        while (status.Kind is not (StopKind.Ended or StopKind.Exec))
        {
            _ = PTrace.Continue(child, status.SignalToDeliver);
            status = StartUp.Await(child);
        }

        return status.Kind == StopKind.Exec ? child : null;
    }

    private static void LetGo(int thread)
    {
        if (StartUp.Await(thread).Kind != StopKind.Ended)
            _ = PTrace.Detach(thread, 0);
    }

    private bool HasFailed() =>
        PTrace.TryGetRegisters(tid, out X64Registers registers)
        && unchecked((long)registers.OriginalRax) is Fork or VFork or PlainClone or Clone3 or Execve or ExecveAt
        && unchecked((long)registers.Rax) is < 0 and not NotImplemented;

    private static WaitStatus? Await(int tid, int most)
    {
        for (int waited = 0; waited < most; waited += BetweenLooks)
        {
            if (PTrace.Poll(tid) is { } status)
                return status;
            Clock.Sleep(BetweenLooks);
        }

        return null;
    }
}
