using Kaa.Control.Agent;
using Kaa.Linux.Controlling;
using Kaa.Linux.Registers;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Takes a thread that waits in the agent out of it: from then on it stands, stopped by ptrace, before the instruction that it had come to.</summary>
internal static class AgentStop
{
    /// <summary>The program's registers at the hook.</summary>
    public static X64Registers Registers(ControlledThread thread, AgentEvent made)
    {
        AgentRegisters all = made.Registers;
        return thread.Tracee.Registers with
        {
            Rax = all[0], Rdx = all[1], Rcx = all[2], Rbx = all[3], Rsi = all[4], Rdi = all[5], Rbp = all[6], Rsp = all[7],
            R8 = all[8], R9 = all[9], R10 = all[10], R11 = all[11], R12 = all[12], R13 = all[13], R14 = all[14], R15 = all[15],
            Rip = all[16], Flags = all[AgentRegisters.Flags], OriginalRax = ulong.MaxValue,
        };
    }

    /// <summary>
    /// By one change of all registers: before it the thread waits for Kaa, and goes on when that is gone; after it, it runs on by itself. False where it is not in the
    /// agent just now, but in a signal's handler, say.
    /// </summary>
    /// <param name="shown">Where it stands then, as the program sees it.</param>
    public static bool TryTakeOut(ControlledProcess control, AgentLink agent, ControlledThread thread, AgentEvent made, ulong shown)
    {
        if (!IsThere(agent, thread, made))
            return false;
        if (!control.Places.SetRegisters(thread, Registers(thread, made) with { Rip = shown }))
            return false;
        agent.Forget(made);
        return true;
    }

    /// <summary>It stands in the agent, and with that event: it may have gone on by itself, and have come to another hook.</summary>
    private static bool IsThere(AgentLink agent, ControlledThread thread, AgentEvent made) =>
        thread is { State: RunState.Stopped, Tracee.HasRegisters: true } && agent.IsInside(thread.Tracee.Registers.Rip) && agent.IsWaiting(made);

    /// <summary>A thread that has stopped for a signal while it waited: it comes to the hook once more when that is done with.</summary>
    public static bool TryPutBack(AgentLink agent, ControlledThread thread, AgentEvent made)
    {
        if (!IsThere(agent, thread, made))
            return false;
        if (!ThreadPlaces.SetRealRegisters(thread, Registers(thread, made) with { Rip = made.Hook.Address.Value }))
            return false;
        agent.Forget(made);
        return true;
    }
}
