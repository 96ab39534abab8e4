using System.Globalization;
using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>The Kaa that uses an agent: whoever's heart beats is there.</summary>
internal static class AgentOwner
{
    private const int HeartbeatWait = 100_000; // µs

    /// <exception cref="UserError">agent-owned: there is one.</exception>
    public static void RequireNone(IEnumerable<LeftAgent> agents, AgentProcess process)
    {
        foreach (LeftAgent agent in agents)
        {
            if (agent.Header.owner == 0 || !agent.IsOwn)
                continue;
            ulong before = Heartbeat(agent, process);
            Clock.Sleep(HeartbeatWait);
            if (Heartbeat(agent, process) != before)
            {
                throw new UserError(
                    "agent-owned",
                    string.Create(CultureInfo.InvariantCulture, $"another Kaa (process {agent.Header.owner} as it sees itself) uses the agent in process {process.Target.Pid}"),
                    "end that one first (a recording of allocations: kaa mem detach)");
            }
        }
    }

    private static ulong Heartbeat(LeftAgent agent, AgentProcess process)
    {
        ulong beat = 0;
        _ = process.Patch.TryRead(agent.Mapping.Start + AgentWords.HeartbeatOffset, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref beat, 1)));
        return beat;
    }
}
