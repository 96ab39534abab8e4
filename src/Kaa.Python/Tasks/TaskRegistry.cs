using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Tasks;

/// <summary>Where each interpreter keeps its tasks: looked up once, outside of any look, as these objects stay for good.</summary>
/// <param name="allTasks">Of the static variable <c>all_tasks</c> of 3.6's _asyncio; null where it was not found.</param>
internal sealed class TaskRegistry(PyLayout layout, Func<IMemory, PyObjects> read, AsyncioDebug? debug, AsyncioLayout tasks, Address? allTasks)
{
    /// <summary>Names in asyncio.tasks: 3.7–3.11; 3.12 and later.</summary>
    private static readonly string[] s_weakSets = ["_all_tasks", "_scheduled_tasks"];

    /// <summary>Tasks that run from their creation on (3.12+).</summary>
    private const string EagerTasks = "_eager_tasks";

    /// <summary>From the state of <c>_asyncio</c> to <c>non_asyncio_tasks</c> (3.14+); the set of eager ones is the next word.</summary>
    private const int ForeignTasks = 48;

    private readonly List<(Address Interpreter, Address Set, bool Weak)> _sets = [];

    /// <summary>True where this interpreter has imported asyncio.</summary>
    public HashSet<Address> Interpreters { get; } = [];

    /// <summary>Looks into <c>sys.modules</c> of an interpreter.</summary>
    public void Locate(IMemory memory, Address interpreter)
    {
        PyObjects objects = read(memory);
        try
        {
            Address modules = memory.ReadPointer(interpreter + layout.Interpreter.modules);
            if (modules.IsNull)
                return;
            foreach (DictEntry entry in objects.Dict(modules))
            {
                string? name = objects.TryReadString(entry.Key, 32);
                if (name == "asyncio.tasks")
                    LocateSets(objects, interpreter, entry.Value);
                else if (name == "_asyncio" && tasks.task_node != Offset.Absent)
                    LocateForeign(objects, interpreter, entry.Value);
            }
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // The dict of modules was being changed: what was found counts.
        }
    }

    /// <summary>Addresses of what may be tasks: who reads them looks at their type.</summary>
    /// <param name="problem">Why there may be more; null where there are none.</param>
    public IReadOnlyCollection<Address> Find(PyObjects objects, RawThreads threads, Address interpreter, out string? problem)
    {
        var found = new HashSet<Address>();
        problem = null;
        foreach ((Address owner, Address set, bool weak) in _sets)
        {
            if (owner == interpreter)
                problem = Collect(found, weak ? SetMembers.OfWeakSet(objects, set) : SetMembers.Of(objects, set)) ?? problem;
        }

        if (debug is null)
            return found;
        problem = Collect(found, List(objects.Memory, interpreter + debug.InterpreterTasks)) ?? problem;
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Interpreter == interpreter)
                problem = Collect(found, List(objects.Memory, thread.Address + debug.ThreadTasks)) ?? problem;
        }

        return found;
    }

    private void LocateSets(PyObjects objects, Address interpreter, Address module)
    {
        Interpreters.Add(interpreter);
        foreach (string name in s_weakSets)
        {
            if (objects.Attribute(module, name) is { IsNull: false } weak)
                _sets.Add((interpreter, weak, true));
        }

        if (tasks.fut_callback0 == Offset.Absent)
            LocateClassSet(objects, interpreter, module);
        if (objects.Attribute(module, EagerTasks) is { IsNull: false } eager)
            _sets.Add((interpreter, eager, false));
    }

    /// <summary>3.6: an attribute of the class, for the one in Python; a static variable for the one in C (Modules/_asynciomodule.c).</summary>
    private void LocateClassSet(PyObjects objects, Address interpreter, Address module)
    {
        Address type = objects.Attribute(module, "_PyTask");
        if (!type.IsNull && objects.Lookup(objects.Type(type).Dict, s_weakSets[0]) is { IsNull: false } weak)
            _sets.Add((interpreter, weak, true));
        if (allTasks is { } variable && objects.Memory.TryReadPointer(variable, out Address set) && !set.IsNull)
            _sets.Add((interpreter, set, true));
    }

    /// <summary>3.14+ keeps tasks that are not its own in the module's state (asyncio_state, Modules/_asynciomodule.c).</summary>
    private void LocateForeign(PyObjects objects, Address interpreter, Address module)
    {
        // md_dict, then md_def or md_state as the version has it (Include/internal/pycore_moduleobject.h).
        for (int word = 1; word <= 3; word++)
        {
            Address state = objects.Word(module, word);
            if (!objects.Memory.TryReadPointer(state + ForeignTasks, out Address weak) || !objects.Is(weak, TypeFlags.HeapType) || objects.TypeOf(weak).Name != "WeakSet")
                continue;
            _sets.Add((interpreter, weak, true));
            _sets.Add((interpreter, objects.PointerAt(state, ForeignTasks + 8), false));
            return;
        }
    }

    /// <summary>A ring of <c>llist_node</c>s (Include/internal/pycore_llist.h) that begins and ends at its head.</summary>
    private IEnumerable<Address> List(IMemory memory, Address head)
    {
        var guard = new CycleGuard();
        Address before = head;
        Address node = memory.ReadPointer(head);
        while (!node.IsNull && node != head)
        {
            if (!guard.Enter(node, Limits.Tasks) || memory.ReadPointer(node + 8) != before)
                throw TargetFault.Nonsense(node, "a torn list of tasks");
            yield return node - tasks.task_node;
            before = node;
            node = memory.ReadPointer(node);
        }
    }

    private static string? Collect(HashSet<Address> found, IEnumerable<Address> more)
    {
        try
        {
            foreach (Address task in more)
            {
                if (found.Count >= Limits.Tasks)
                    return "more tasks than there can be";
                found.Add(task);
            }

            return null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return fault.Message;
        }
    }
}
