using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Looking;

namespace Kaa.Control.Memory;

/// <summary>CPython's tables of allocators, whose pointers lead to the agent.</summary>
/// <param name="samples">Only samples are recorded.</param>
internal sealed class PointedTables(AgentSession agent, AllocatorTable[] tables, bool samples)
{
    private const int FunctionsOfDomain = 4;
    private const int WordSize = sizeof(ulong);
    private const int MostContext = 64;

    public int WordCount => tables.Length * FunctionsOfDomain;

    /// <summary>First the agent knows where the calls are to go on, then the tables lead to it. Gives how many words were changed.</summary>
    /// <param name="held">Null where the process is to be stopped for it.</param>
    public int Point(HeldProcess? held)
    {
        var words = new List<(Address Word, ulong From, ulong To)>();
        for (int domain = 0; domain < tables.Length; domain++)
            Add(domain, tables[domain].Functions, words);
        return agent.Point(words, held);
    }

    /// <summary>
    /// An interpreter that sets itself up may put its own functions into its tables once more (PYTHONMALLOC, -X dev, 3.6 always). Not to be mistaken for somebody who has put himself
    /// in front of the agent, as tracemalloc does, and calls it: his context leads there.
    /// </summary>
    public void PointAgain(IMemory memory)
    {
        var words = new List<(Address Word, ulong From, ulong To)>();
        for (int domain = 0; domain < tables.Length; domain++)
        {
            ulong[] now = new ulong[FunctionsOfDomain + 1];
            if (!memory.TryReadExactly(tables[domain].Table, MemoryMarshal.AsBytes(now.AsSpan())) || IsOurs(now.AsSpan(1)) || LeadsToUs(memory, now[0]))
                continue;
            tables[domain] = tables[domain] with { Functions = now[1..] };
            Add(domain, tables[domain].Functions, words);
        }

        if (words.Count > 0)
            _ = agent.Point(words, null);
    }

    private void Add(int domain, IReadOnlyList<ulong> functions, List<(Address Word, ulong From, ulong To)> words)
    {
        for (int i = 0; i < FunctionsOfDomain; i++)
        {
            int number = domain * FunctionsOfDomain + i;
            if (!agent.Shared.TryWriteProcess(agent.Own + AreaWords.OwnDomains + (ulong)number * WordSize, BitConverter.GetBytes(functions[i])))
                throw AgentProcess.Refused(RemoteHindrance.NotWritable);
            words.Add((tables[domain].Table + (i + 1) * WordSize, functions[i], Ours(number)));
        }
    }

    private ulong Ours(int number) => (agent.Image + (samples ? AgentRegion.Image.samples[number] : AgentRegion.Image.domains[number])).Value;

    private bool IsOurs(ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            for (int number = 0; number < WordCount; number++)
            {
                if (word == Ours(number))
                    return true;
            }
        }

        return false;
    }

    private bool LeadsToUs(IMemory memory, ulong context)
    {
        ulong[] words = new ulong[MostContext / WordSize];
        return context != 0 && memory.TryReadExactly(new Address(context), MemoryMarshal.AsBytes(words.AsSpan())) && IsOurs(words);
    }
}
