using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>CPython's tables of allocators, whose pointers lead to the agent.</summary>
/// <param name="samples">Only samples are recorded.</param>
internal sealed class PointedTables(AgentSession agent, AllocatorTable[] tables, bool samples)
{
    private const int FunctionsOfDomain = 4;
    private const int Free = 3;
    private const int WordSize = sizeof(ulong);
    private const ulong LargeBlock = 513; // SMALL_REQUEST_THRESHOLD is 512 in all versions (obmalloc.c)

    /// <summary>What somebody who was in front of CPython's functions had saved of a domain, context and functions, when the table was pointed: null where nobody was.</summary>
    private readonly ulong[]?[] _behind = new ulong[]?[tables.Length];

    private bool _isArenaPointed;

    /// <summary>Asks whether samples of a domain can be taken from PyMem_Raw, by its own functions: then its free stays as it is. Null for never.</summary>
    public Func<AllocatorTable, AllocatorTable, bool>? LeadsToRaw { get; init; }

    /// <summary>The word that leads to the function by which pymalloc takes arenas, which is watched where samples come from PyMem_Raw; null where it was not found: then none do.</summary>
    public (Address Word, ulong Function)? Arena { get; init; }

    /// <summary>Of all that were to be changed.</summary>
    public int WordCount { get; private set; }

    /// <summary>First the agent knows where the calls are to go on, then the tables lead to it. Gives how many words were changed.</summary>
    /// <param name="others">Words that are to be changed in the same stop.</param>
    /// <param name="held">Null where the process is to be stopped for it.</param>
    public int Point(IReadOnlyList<(Address Word, ulong From, ulong To)> others, HeldProcess? held)
    {
        var words = new List<(Address Word, ulong From, ulong To)>(others);
        for (int domain = 0; domain < tables.Length; domain++)
        {
            Add(domain, tables[domain].Functions, words);
            _behind[domain] = Read(tables[domain].Table) is { } now && now[0] != 0 ? Read(new Address(now[0])) : null;
        }

        WordCount = words.Count;
        return agent.Point(words, held);
    }

    /// <summary>
    /// Whoever was in front of CPython's functions when Kaa came puts back what he saved when he leaves, as tracemalloc.stop() does, and with it takes the agent out of the way. It comes back
    /// where the table is to the word what he had saved: of anybody else it is not known whether he calls the agent, which then must not call him.
    /// </summary>
    /// <exception cref="UserError">The process can't be stopped.</exception>
    public void Follow()
    {
        List<(Address Word, ulong From, ulong To)>? words = null;
        for (int domain = 0; domain < tables.Length; domain++)
        {
            if (_behind[domain] is not { } behind || Read(tables[domain].Table) is not { } now || !now.AsSpan().SequenceEqual(behind))
                continue;
            _behind[domain] = null;
            tables[domain] = tables[domain] with { Functions = now[1..] };
            Add(domain, tables[domain].Functions, words ??= []);
        }

        if (words is not null)
            _ = agent.Point(words, null);
    }

    /// <summary>
    /// An interpreter that sets itself up may put its own functions into its tables once more (PYTHONMALLOC, -X dev, 3.6 always). Not to be mistaken for somebody who has put himself
    /// in front of the agent, as tracemalloc does, and calls it: his context leads there.
    /// </summary>
    public void PointAgain()
    {
        var words = new List<(Address Word, ulong From, ulong To)>();
        for (int domain = 0; domain < tables.Length; domain++)
        {
            if (Read(tables[domain].Table) is not { } now || IsOurs(now.AsSpan(1)) || LeadsToUs(now[0]))
                continue;
            tables[domain] = tables[domain] with { Functions = now[1..] };
            Add(domain, tables[domain].Functions, words);
        }

        if (words.Count > 0)
            _ = agent.Point(words, null);
    }

    /// <summary>A PyMemAllocatorEx is as many words as that: context and functions.</summary>
    private ulong[]? Read(Address place, int count = FunctionsOfDomain + 1)
    {
        ulong[] words = new ulong[count];
        return agent.Shared.TryReadProcess(place, MemoryMarshal.AsBytes(words.AsSpan())) ? words : null;
    }

    private void Add(int domain, IReadOnlyList<ulong> functions, List<(Address Word, ulong From, ulong To)> words)
    {
        bool leads = domain > 0 && Arena is not null && LeadsToRaw?.Invoke(tables[domain], tables[0]) == true;
        if (domain > 0)
            Write(AreaWords.OwnSmall + (ulong)(domain - 1) * WordSize, leads ? LargeBlock : 0);
        if (leads && !_isArenaPointed)
        {
            Write(AreaWords.OwnArena, Arena!.Value.Function);
            words.Add((Arena.Value.Word, Arena.Value.Function, (agent.Image + AgentRegion.Image.arena).Value));
            _isArenaPointed = true;
        }

        for (int i = 0; i < FunctionsOfDomain; i++)
        {
            int number = domain * FunctionsOfDomain + i;
            Write(AreaWords.OwnDomains + (ulong)number * WordSize, functions[i]);
            if (i != Free || !leads)
                words.Add((tables[domain].Table + (i + 1) * WordSize, functions[i], Ours(number)));
        }
    }

    private void Write(ulong offset, ulong word)
    {
        if (!agent.Shared.TryWriteProcess(agent.Own + offset, BitConverter.GetBytes(word)))
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);
    }

    private ulong Ours(int number) => (agent.Image + (samples ? AgentRegion.Image.samples[number] : AgentRegion.Image.domains[number])).Value;

    private bool IsOurs(ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            for (int number = 0; number < tables.Length * FunctionsOfDomain; number++)
            {
                if (word == Ours(number))
                    return true;
            }
        }

        return false;
    }

    private bool LeadsToUs(ulong context) => AllocatorTables.LeadsTo(place => Read(place, AllocatorTables.ContextWords), new Address(context), agent.Image, agent.Image + (ulong)AgentRegion.Image.text_size);
}
