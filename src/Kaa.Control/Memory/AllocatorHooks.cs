using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>Puts the agent in front of a process's allocators.</summary>
/// <param name="image">The image that the interpreter lies in; null where there is none.</param>
/// <param name="samples">Only samples are recorded.</param>
/// <param name="held">Of a caller that holds the process already; null where it is to be stopped for this.</param>
internal sealed class AllocatorHooks(LiveTarget target, AgentSession agent, Module? image, bool samples, HeldProcess? held)
{
    private readonly List<Note> _notes = [];
    private bool _seesCodes;

    /// <summary>Null where it is not there yet.</summary>
    public PythonProcess? Python { get; init; }

    public IReadOnlyList<Note> Notes => _notes;

    /// <summary>CPython's tables, which lead to the agent now; null where there are none, or they are not wanted.</summary>
    public PointedTables? Tables { get; private set; }

    /// <exception cref="UserError">no-allocators; as of <see cref="AgentSession.Arm()"/>.</exception>
    public void Arm(AllocatorChoice choice)
    {
        int count = 0;
        AllocatorTables? all = choice.HasFlag(AllocatorChoice.Python) && image is not null ? new AllocatorTables(target, image) : null;
        AllocatorTable[]? tables = all?.Find();
        if (choice.HasFlag(AllocatorChoice.System))
        {
            count += Wrap(AllocatorFunctions.Find(target));
        }

        if (choice.HasFlag(AllocatorChoice.Python) && tables is null && image is not null)
            count += WrapEntries(image);
        if (tables is not null)
            count += Point(tables, samples ? all!.FindArena() : null);
        if (count == 0 && choice != AllocatorChoice.None)
            throw new UserError("no-allocators", "none of this process's allocators can be hooked", "kaa doctor PID shows what is known of its modules");
    }

    /// <summary>
    /// What lies in older chunks of a thread's frames can't have changed before the newer ones were given back: then deep stacks need not be compared down to their end. Only where all ways to give
    /// one back are seen.
    /// </summary>
    /// <exception cref="UserError">As of <see cref="AgentSession.Arm()"/>.</exception>
    public void WatchChunks(PythonProcess from, AllocatorChoice choice)
    {
        if (LeadCodeEnds(from) is { Count: > 0 } ends)
            _ = agent.Point(ends, held);
        var walk = FrameWalk.Of(from);
        List<AllocatorFunction> functions = walk.Chunk is null ? [] : AllocatorFunctions.FindChunks(target);
        if (!choice.HasFlag(AllocatorChoice.System) && functions.Count > 0)
            _ = Wrap(functions);
        if (walk.Chunk is not { } chunk)
            return;
        if (functions.Count == 0 || functions.Exists(function => !agent.Places.IsArmed(function.Address)))
            return;
        agent.Shared.WriteHalf(agent.Allocations + AreaWords.Chunks, (uint)walk.SpareChunks);
        agent.Shared.Write(agent.Allocations + AreaWords.Chunk, chunk);
    }

    private List<(Address Word, ulong From, ulong To)> LeadCodeEnds(PythonProcess? python)
    {
        if (python is null || _seesCodes)
            return [];
        _seesCodes = true;
        return CodeEnds.Lead(target, python, agent);
    }

    /// <summary>The functions themselves, where there are no tables (2.7), or they were not found: then what the compiler inlined is missed.</summary>
    private int WrapEntries(Module from)
    {
        if (InterpreterImage.HasTables(target, from))
            _notes.Add(new Note("allocator-tables", "CPython's tables of allocators were not found: what its own code allocates inline is not recorded", null, Incomplete: true));
        return Wrap(AllocatorFunctions.FindPython(target));
    }

    private int Wrap(List<AllocatorFunction> functions)
    {
        var hooks = new List<(HookHandle Hook, AllocatorFunction Function)>();
        Address? handler = null;
        foreach (AllocatorFunction function in functions)
        {
            if (function.Kind is WrappedFunction.New or WrappedFunction.NewAligned && function.Sister.IsNull)
            {
                _notes.Add(new Note("operator-new", $"{function.Name} of {function.Module} is not recorded where it does not call malloc: it is none of an allocator that Kaa knows", function.Name));
                continue;
            }

            var request = new HookRequest
            {
                Address = function.Address,
                Action = HookAction.Wrap,
                Wraps = ((uint)(samples ? function.Kind | WrappedFunction.Sampled : function.Kind), (uint)function.Allocator),
                Calls = function.Sister,
                Asks = function.Sister.IsNull ? default : handler ??= CxxAllocators.FindHandler(target) ?? default,
                WantsStack = false,
            };
            hooks.Add((agent.Add(request), function));
        }

        agent.Arm(held);
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

    private int Point(AllocatorTable[] tables, (Address Word, ulong Function)? arena)
    {
        var path = samples ? new RawPath(target, image!) : null;
        Tables = new PointedTables(agent, tables, samples) { LeadsToRaw = path is null ? null : path.Leads, Arena = arena };
        int changed = Tables.Point(LeadCodeEnds(Python), held);
        if (changed < Tables.WordCount)
            _notes.Add(new Note("allocator-not-hooked", "somebody changed CPython's tables of allocators at this moment: a part of its allocations is not recorded", null, Incomplete: true));
        return changed;
    }
}
