using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>
/// Reads the tasks of a trio runner (trio/_core/_run.py): all of it is classes in Python, whose fields are found by their names. A task that waits has
/// a function that would abort the wait: it is named after what trio, or a library, waits in. Serves one look.
/// </summary>
internal sealed class TrioReader(PyObjects objects, PyLayout layout, TaskStacks stacks)
{
    /// <summary>By which means a task waits for those in its nurseries.</summary>
    private const string Nursery = "nursery";

    /// <summary>What a task waits in at the end of a nursery's block, for the tasks that are left.</summary>
    private const string EndOfNursery = "Nursery._nested_child_finished";

    private readonly Dictionary<Address, Slot[]> _slots = [];

    /// <param name="unreadable">How many were left out because they could not be read at all.</param>
    /// <exception cref="TargetFault">The runner's set of tasks is torn, or can't be read.</exception>
    public List<RawTask> Read(TrioRunner runner, out int unreadable)
    {
        var found = new List<RawTask>();
        unreadable = 0;
        string type = objects.TypeName(objects.TypeOf(runner.Runner));
        foreach (Address task in SetMembers.Of(objects, Field(runner.Runner, "tasks")))
        {
            try
            {
                found.Add(ReadOne(new RawTask
                {
                    Address = task,
                    Kind = TaskKind.Trio,
                    Interpreter = runner.Interpreter,
                    Loop = runner.Runner,
                    LoopType = type,
                    Tid = runner.Tid,
                }));
            }
            catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
            {
                unreadable++;
            }
        }

        return found;
    }

    private RawTask ReadOne(RawTask task)
    {
        task = task with { Name = objects.TryReadString(Field(task.Address, "name"), Limits.CodeName), AwaitedBy = AwaitedBy(task.Address) };
        task = stacks.Add(task, Field(task.Address, "coro"), out CoroutineChain chain);
        Address abort = Field(task.Address, "_abort_func");
        task = task with { State = StateOf(chain, abort) };
        return task.State == TaskPhase.Pending ? WithWait(task, abort) : task;
    }

    private static TaskPhase StateOf(CoroutineChain chain, Address abort)
    {
        if (chain.Truncated is not null && chain.Frames.Count == 0)
            return TaskPhase.Unknown;
        if (chain.Phase == GeneratorPhase.Executing)
            return TaskPhase.Running;
        if (!abort.IsNull)
            return TaskPhase.Pending;
        return chain.Phase == GeneratorPhase.Created ? TaskPhase.Created : TaskPhase.Ready;
    }

    /// <summary>Whoever opened the nursery that it is in can't leave that before it has ended.</summary>
    private IReadOnlyList<AwaitEdge> AwaitedBy(Address task)
    {
        Address nursery = Field(task, "_parent_nursery");
        Address parent = nursery.IsNull ? nursery : Field(nursery, "_parent_task");
        return parent.IsNull ? [] : [new AwaitEdge(parent, Nursery)];
    }

    /// <summary>What it sleeps in, and on what: libraries leave the object in <c>custom_sleep_data</c>, as ParkingLot does.</summary>
    private RawTask WithWait(RawTask task, Address abort)
    {
        string name = NameOf(abort) ?? objects.TypeName(objects.TypeOf(abort));
        if (name == EndOfNursery)
            return task with { WaitsForOthers = true, Waiter = abort, WaiterDescription = "the tasks of its nursery" };
        Address data = Field(task.Address, "custom_sleep_data");
        return data.IsNull
            ? task with { Waiter = abort, WaiterDescription = name }
            : task with { Waiter = data, WaiterDescription = $"{name}, {objects.TypeName(objects.TypeOf(data))} at {data}" };
    }

    /// <summary>Of <c>ParkingLot.park.&lt;locals&gt;.abort_fn</c>, <c>ParkingLot.park</c>; null where it is no function.</summary>
    private string? NameOf(Address function)
    {
        PyType type = objects.TypeOf(function);
        if (type is { Name: "method", IsHeapType: false })
            return NameOf(objects.PointerAt(function, layout.Callable.im_func));
        if (type is not { Name: "function", IsHeapType: false })
            return null;
        string? name = objects.TryReadString(objects.PointerAt(function, layout.Callable.func_qualname), Limits.CodeName);
        int inner = name?.IndexOf(".<locals>", StringComparison.Ordinal) ?? -1;
        return inner > 0 ? name![..inner] : name;
    }

    /// <summary>Null address for None, and where there is no such field.</summary>
    private Address Field(Address instance, string name)
    {
        PyType type = objects.TypeOf(instance);
        long offset = SlotOf(type, name);
        Address value = offset > 0 ? objects.Memory.ReadPointer(instance + offset) : objects.Attribute(instance, name);
        return !value.IsNull && objects.TypeOf(value) is { Name: "NoneType", IsHeapType: false } ? Address.Null : value;
    }

    /// <summary>0 where it lies in the instance's dict.</summary>
    private long SlotOf(PyType type, string name)
    {
        if (!_slots.TryGetValue(type.Address, out Slot[]? slots))
        {
            slots = [.. objects.Slots(type)];
            _slots.Add(type.Address, slots);
        }

        foreach (Slot slot in slots)
        {
            if (slot.Name == name)
                return slot.Offset;
        }

        return 0;
    }
}
