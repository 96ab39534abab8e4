using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>Takes back what agents have done to a process, whichever Kaa put them in.</summary>
public static class AgentRemoval
{
    private const int SpareSize = 32;

    /// <summary>What was found and done.</summary>
    /// <param name="Agents">Agents in the process; more than one where an earlier Kaa was of another version.</param>
    /// <param name="Restored">Places in the code that have the program's own bytes again.</param>
    /// <param name="Foreign">Places that somebody else has written to since: left as they are.</param>
    public readonly record struct Result(int Agents, int Restored, int Foreign);

    /// <param name="held">Of a caller that holds the process already, on this thread; null where it is to be stopped.</param>
    /// <param name="pause">Longest time that any thread stood still, in microseconds.</param>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(Kaa.Linux.LiveTarget, AgentOptions)"/>.</exception>
    public static void Remove(int pid, HeldProcess? held, out long pause, out Result result)
    {
        using AgentProcess process = AgentProcess.Open(pid, held);
        List<LeftAgent> agents = LeftAgent.Find(process.Target.Mappings, process.Patch);
        result = new Result(agents.Count, 0, 0);
        pause = 0;
        if (agents.Count == 0)
            return;
        int restored = 0;
        int foreign = 0;
        process.Hold(stopped =>
        {
            foreach (LeftAgent agent in agents)
            {
                (int some, int others) = LeftCode.Restore(agent, process.Patch);
                restored += some;
                foreign += others;
                TakeHandler(process, stopped, agent);
            }
        });
        foreach (LeftAgent agent in agents)
            Silence(agent, process);
        pause = process.PauseMicroseconds;
        result = new Result(agents.Count, restored, foreign);
    }

    private static void TakeHandler(AgentProcess process, HeldProcess held, LeftAgent agent)
    {
        if (agent.Header.trap_handler != 1 || !agent.IsSame)
            return;

        // Zeros say SIG_DFL. The state's page has some behind its words.
        Address zeros = new Address(agent.Header.state) + 1024;
        byte[] bytes = new byte[SpareSize];
        if (process.Patch.TryRead(zeros, bytes) && !bytes.AsSpan().ContainsAnyExcept((byte)0)
            && new RemoteWork(process).TryMake(held, [AgentTraps.Uninstall(zeros)]) is [0] && agent.IsOwn)
            Write(process.Patch, agent.Mapping.Start + AgentWords.TrapHandlerOffset, 0u);
    }

    private static void Silence(LeftAgent agent, AgentProcess process)
    {
        Write(process.Patch, new Address(agent.Header.state), 0ul);
        if (!agent.IsOwn || !agent.IsSame)
            return;
        using var memory = new AgentMemory(null, process.Patch, agent.Mapping.Start);
        LeftCode.Forget(agent, memory);
        memory.WriteHalf(AgentWords.OwnerOffset, 0);
    }

    private static void Write<T>(TargetPatch patch, Address address, T value)
        where T : unmanaged => _ = patch.TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref value, 1)));
}
