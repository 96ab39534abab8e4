using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Tasks;

internal enum FutureKind
{
    None,
    Future,
    Task,

    /// <summary>Of the classes that asyncio has in Python beside those in C: <c>_PyFuture</c>, <c>_PyTask</c>.</summary>
    PythonFuture,
    PythonTask,

    /// <summary>A task in Python over a future in C, as 3.6 has it.</summary>
    MixedTask,
}

/// <summary><c>fut_state</c>.</summary>
internal enum FutureState
{
    Pending,
    Cancelled,
    Finished,
}

/// <summary>Reads futures and tasks of asyncio, those in C and those in Python alike. Serves one look.</summary>
internal sealed class FutureReader(PyObjects objects, AsyncioLayout layout)
{
    private readonly Dictionary<Address, FutureKind> _kinds = [];
    private Address _none;

    public PyObjects Objects { get; } = objects;

    private IMemory Memory => Objects.Memory;

    /// <summary>What an object is; <see cref="FutureKind.None"/> also where it can't be read.</summary>
    public FutureKind KindOf(Address instance)
    {
        if (instance.IsNull || !Memory.TryReadPointer(instance + Objects.Layout.PyObject.ob_type, out Address type))
            return FutureKind.None;
        if (!_kinds.TryGetValue(type, out FutureKind kind))
        {
            kind = KindOfType(type);
            _kinds.Add(type, kind);
        }

        return kind;
    }

    public bool IsTask(Address instance) => KindOf(instance) is FutureKind.Task or FutureKind.PythonTask or FutureKind.MixedTask;

    public bool IsFuture(Address instance) => KindOf(instance) != FutureKind.None;

    public FutureState State(Address future)
    {
        if (IsInC(future))
        {
            int state = Memory.Read<int>(future + layout.fut_state);
            return state is >= 0 and <= 2 ? (FutureState)state : throw TargetFault.Nonsense(future, "no state of a future");
        }

        return Objects.TryReadString(Objects.Attribute(future, "_state"), 16) switch
        {
            "CANCELLED" => FutureState.Cancelled,
            "FINISHED" => FutureState.Finished,
            _ => FutureState.Pending,
        };
    }

    /// <summary>Null address where it has none.</summary>
    public Address Loop(Address future) => Field(future, layout.fut_loop, "_loop");

    public Address Waiter(Address task) => TaskField(task, layout.task_fut_waiter, "_fut_waiter");

    public Address Coroutine(Address task) => TaskField(task, layout.task_coro, "_coro");

    /// <summary>Null where it has none: up to 3.7 no task has.</summary>
    public string? Name(Address task)
    {
        bool hasNone = layout.task_name == Offset.Absent;
        Address name = hasNone ? Address.Null : TaskField(task, layout.task_name, "_name");
        if (name.IsNull)
            return null;

        // Made from a counter, and turned into text when somebody asks for it (3.12+, task_name of Modules/_asynciomodule.c).
        return Objects.Is(name, TypeFlags.LongSubclass) ? "Task-" + Objects.ReadInt64(name) : Objects.ReadString(name, Limits.ThreadName);
    }

    /// <summary>What is called when it is done.</summary>
    public IEnumerable<Address> Callbacks(Address future)
    {
        Address first = IsInC(future) && layout.fut_callback0 != Offset.Absent ? Memory.ReadPointer(future + layout.fut_callback0) : Address.Null;
        if (!first.IsNull)
            yield return first;
        Address list = Field(future, layout.fut_callbacks, "_callbacks");
        if (list.IsNull || !Objects.Is(list, TypeFlags.ListSubclass))
            yield break;
        foreach (Address item in Objects.List(list, Limits.TaskCallbacks))
            yield return WithoutContext(item);
    }

    /// <summary>Futures and tasks that await this one, as it says itself (3.14+).</summary>
    public IEnumerable<Address> AwaitedBy(Address future)
    {
        if (!IsInC(future))
            return Members(Objects.Attribute(future, "_Future__asyncio_awaited_by"), isSet: true);
        if (layout.fut_awaited_by == Offset.Absent)
            return [];
        bool isSet = Memory.Read<byte>(future + layout.fut_awaited_by_is_set) != 0;
        return Members(Memory.ReadPointer(future + layout.fut_awaited_by), isSet);
    }

    private IEnumerable<Address> Members(Address value, bool isSet)
    {
        if (value.IsNull || IsNone(value))
            return [];
        return isSet && !IsFuture(value) ? SetMembers.Of(Objects, value) : [value];
    }

    /// <summary>3.7+: pairs of callback and context.</summary>
    private Address WithoutContext(Address item)
    {
        if (!Objects.Is(item, TypeFlags.TupleSubclass))
            return item;
        foreach (Address callback in Objects.Tuple(item, 1))
            return callback;
        return Address.Null;
    }

    private bool IsInC(Address future) => KindOf(future) is FutureKind.Future or FutureKind.Task or FutureKind.MixedTask;

    private Address Field(Address future, int offset, string attribute) => Field(IsInC(future), future, offset, attribute);

    private Address TaskField(Address task, int offset, string attribute) => Field(KindOf(task) == FutureKind.Task, task, offset, attribute);

    private Address Field(bool inC, Address future, int offset, string attribute)
    {
        Address value = inC ? Memory.ReadPointer(future + offset) : Objects.Attribute(future, attribute);
        return IsNone(value) ? Address.Null : value;
    }

    private bool IsNone(Address value)
    {
        if (value.IsNull || value == _none)
            return !value.IsNull;
        if (Objects.TypeOf(value) is not { Name: "NoneType", IsHeapType: false })
            return false;
        _none = value;
        return true;
    }

    private FutureKind KindOfType(Address address)
    {
        FutureKind kind = FutureKind.None;
        try
        {
            foreach (PyType type in Objects.Mro(Objects.Type(address)))
            {
                FutureKind one = KindOfClass(type);
                if (kind == FutureKind.None)
                    kind = one;
                else if (kind == FutureKind.PythonTask && one == FutureKind.Future)
                    kind = FutureKind.MixedTask;
            }
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // Whatever it is, it is no class.
        }

        return kind;
    }

    private FutureKind KindOfClass(PyType type)
    {
        switch (type.Name)
        {
            case "_asyncio.Task":
                return FutureKind.Task;
            case "_asyncio.Future":
                return FutureKind.Future;
            case "Task" when type.IsHeapType && Objects.TypeModuleAndName(type).Module == "asyncio.tasks":
                return FutureKind.PythonTask;
            case "Future" when type.IsHeapType && Objects.TypeModuleAndName(type).Module == "asyncio.futures":
                return FutureKind.PythonFuture;
            default:
                return FutureKind.None;
        }
    }
}
