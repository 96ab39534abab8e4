using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>Puts the agent in front of a process's allocators.</summary>
internal sealed class AllocatorHooks(LiveTarget target, AgentSession agent, PythonProcess? python)
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
            count += Wrap(AllocatorFunctions.Find(target, ofPython: false));
        if (choice.HasFlag(AllocatorChoice.Python) && tables is null && python is not null)
            count += WrapEntries(python);
        if (tables is not null)
            count += Point(tables);
        if (count == 0)
            throw new UserError("no-allocators", "none of this process's allocators can be hooked", "kaa doctor PID shows what is known of its modules");
    }

    /// <summary>The functions themselves, where there are no tables (2.7), or they were not found: then what the compiler inlined is missed.</summary>
    private int WrapEntries(PythonProcess from)
    {
        if (from.Version.Major > 2)
            _notes.Add(new Note("allocator-tables", "CPython's tables of allocators were not found: what its own code allocates inline is not recorded", null, Incomplete: true));
        return Wrap(AllocatorFunctions.Find(target, ofPython: true));
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
        for (int domain = 0; domain < tables.Length; domain++)
        {
            for (int i = 0; i < FunctionsOfDomain; i++)
            {
                int number = domain * FunctionsOfDomain + i;
                ulong function = tables[domain].Functions[i];
                agent.Shared.WriteWord(agent.Allocations + AreaWords.Domains + (ulong)number * sizeof(ulong), function);
                words.Add((tables[domain].Table + (i + 1) * sizeof(ulong), function, (agent.Image + (ulong)AgentRegion.Image.domains[number]).Value));
            }
        }

        int changed = agent.Point(words);
        if (changed < words.Count)
            _notes.Add(new Note("allocator-not-hooked", "somebody changed CPython's tables of allocators at this moment: a part of its allocations is not recorded", null, Incomplete: true));
        return changed;
    }
}
