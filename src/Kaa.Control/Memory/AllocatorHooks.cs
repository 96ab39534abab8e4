using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>Puts the agent in front of a process's allocators.</summary>
/// <param name="samples">Only samples are recorded.</param>
internal sealed class AllocatorHooks(LiveTarget target, AgentSession agent, PythonProcess? python, bool samples)
{
    private const int FunctionsOfDomain = 4;

    private readonly List<Note> _notes = [];

    public IReadOnlyList<Note> Notes => _notes;

    /// <exception cref="UserError">no-allocators; as of <see cref="AgentSession.Arm()"/>.</exception>
    public void Arm(AllocatorChoice choice)
    {
        int count = 0;
        AllocatorTable[]? tables = null;
        if (choice.HasFlag(AllocatorChoice.Python) && python is not null)
            tables = new AllocatorTables(target, python).Find();
        if (choice.HasFlag(AllocatorChoice.System))
            count += Wrap(AllocatorFunctions.Find(target));
        if (choice.HasFlag(AllocatorChoice.Python) && tables is null && python is not null)
            count += WrapEntries(python);
        if (tables is not null)
            count += Point(tables);
        if (python is not null)
            WatchChunks(python, choice.HasFlag(AllocatorChoice.System));
        if (count == 0)
            throw new UserError("no-allocators", "none of this process's allocators can be hooked", "kaa doctor PID shows what is known of its modules");
    }

    /// <summary>
    /// What lies in older chunks of a thread's frames can't have changed before the newer ones were given back: then deep stacks need not be compared down to their end. Only where all ways to give
    /// one back are seen.
    /// </summary>
    private void WatchChunks(PythonProcess from, bool isHooked)
    {
        var walk = FrameWalk.Of(from);
        if (walk.Chunk is not { } chunk)
            return;
        List<AllocatorFunction> functions = AllocatorFunctions.FindChunks(target);
        if (!isHooked)
            _ = Wrap(functions);
        if (functions.Count == 0 || functions.Exists(function => !agent.IsArmed(function.Address)))
            return;
        AgentMemoryArea area = agent.Shared.Read<AgentMemoryArea>(agent.Allocations);
        area.chunk = chunk;
        area.chunks = (uint)walk.SpareChunks;
        agent.Shared.Write(agent.Allocations, area);
    }

    /// <summary>The functions themselves, where there are no tables (2.7), or they were not found: then what the compiler inlined is missed.</summary>
    private int WrapEntries(PythonProcess from)
    {
        if (from.Version.Major > 2)
            _notes.Add(new Note("allocator-tables", "CPython's tables of allocators were not found: what its own code allocates inline is not recorded", null, Incomplete: true));
        return Wrap(AllocatorFunctions.FindPython(target));
    }

    private int Wrap(List<AllocatorFunction> functions)
    {
        var hooks = new List<(HookHandle Hook, AllocatorFunction Function)>();
        foreach (AllocatorFunction function in functions)
        {
            var request = new HookRequest
            {
                Address = function.Address,
                Action = HookAction.Wrap,
                Wraps = ((uint)function.Kind, (uint)function.Allocator),
                WantsStack = false,
            };
            hooks.Add((agent.Add(request), function));
        }

        agent.Arm();
        int armed = 0;
        foreach ((HookHandle hook, AllocatorFunction function) in hooks)
        {
            if (hook.Refusal is { } refusal)
                _notes.Add(new Note("allocator-not-hooked", $"{function.Name} of {function.Module} is not recorded, because {refusal.Message}", function.Name, Incomplete: true));
            else
                armed++;
        }

        return armed;
    }

    /// <summary>First the agent knows where the calls are to go on, then the tables lead to it.</summary>
    private int Point(AllocatorTable[] tables)
    {
        var words = new List<(Address Word, ulong From, ulong To)>();
        AgentOwn own = default;
        for (int domain = 0; domain < tables.Length; domain++)
        {
            for (int i = 0; i < FunctionsOfDomain; i++)
            {
                int number = domain * FunctionsOfDomain + i;
                ulong function = tables[domain].Functions[i];
                own.domains[number] = function;
                uint place = samples ? AgentRegion.Image.samples[number] : AgentRegion.Image.domains[number];
                words.Add((tables[domain].Table + (i + 1) * sizeof(ulong), function, (agent.Image + place).Value));
            }
        }

        ReadOnlySpan<ulong> originals = own.domains;
        if (!agent.Shared.TryWriteProcess(agent.Own + AreaWords.OwnDomains, MemoryMarshal.AsBytes(originals)))
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);

        int changed = agent.Point(words);
        if (changed < words.Count)
            _notes.Add(new Note("allocator-not-hooked", "somebody changed CPython's tables of allocators at this moment: a part of its allocations is not recorded", null, Incomplete: true));
        return changed;
    }
}
