using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>Ends a recording of allocations from outside of the Kaa that makes it.</summary>
public static class MemoryDetach
{
    private const int Slice = 10_000; // µs
    private const int Slices = 500;

    /// <summary>
    /// Asks whoever records to come to the end of it, and waits until the process has no hooks. Where nobody is there any more, the hooks are taken back here.
    /// </summary>
    /// <returns>False where nothing was recorded.</returns>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(Kaa.Linux.LiveTarget, AgentOptions)"/>.</exception>
    public static bool End(int pid)
    {
        if (!Ask(pid))
            return false;
        for (int i = 0; i < Slices && IsOwned(pid); i++)
            Clock.Sleep(Slice);
        AgentRemoval.Remove(pid, null, out _, out _);
        return true;
    }

    private static bool Ask(int pid)
    {
        bool wasRecording = false;
        ForEach(pid, (agent, patch) =>
        {
            using var memory = new AgentMemory(null, patch, agent.Mapping.Start);
            wasRecording |= memory.ReadHalf(agent.Header.memory + AreaWords.Recording) != 0;
            memory.WriteHalf(agent.Header.memory + AreaWords.Recording, 0);
        });
        return wasRecording;
    }

    private static bool IsOwned(int pid)
    {
        bool isOwned = false;
        ForEach(pid, (agent, _) => isOwned |= agent.Header.owner != 0);
        return isOwned;
    }

    /// <summary>Without <see cref="AgentProcess"/>: one Kaa at a time may have that, and the one that records needs it to come to its end.</summary>
    private static void ForEach(int pid, Action<LeftAgent, TargetPatch> action)
    {
        using LiveTarget target = LiveTarget.Open(pid);
        using TargetPatch patch = TargetPatch.OpenProcess(ProcRoot.System, pid) ?? throw AgentProcess.Refused(RemoteHindrance.NotWritable);
        foreach (LeftAgent agent in LeftAgent.Find(target.Mappings, patch))
        {
            if (agent.IsOwn && agent.Header.memory != 0)
                action(agent, patch);
        }
    }
}
