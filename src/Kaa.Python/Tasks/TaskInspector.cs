using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Tasks;

/// <summary>
/// Reads tasks during the look, after all stacks. A task is still as long as the thread is that runs its loop: so those of the wanted
/// threads, and those whose thread is not known, are read again in each pass.
/// </summary>
public sealed class TaskInspector
{
    private readonly PythonProcess _process;
    private readonly AsyncioLayout? _asyncio;
    private readonly AsyncioDebug? _debug;
    private readonly TaskRegistry? _registry;
    private readonly GcWalk _heap;
    private readonly Dictionary<Address, RawTask> _tasks = [];
    private readonly TrioRunners _runners = new();
    private UndrivenCode? _undriven;
    private readonly List<Note> _notes = [];

    /// <summary>Looks up what does not move, so that the look itself is short.</summary>
    public TaskInspector(PythonProcess process, ObservedTarget target)
    {
        _process = process;
        _heap = new GcWalk(process, target);
        _asyncio = AsyncioLayout.For(process.Version, process.Layout.HeadSize);
        if (_asyncio is null)
            return;
        _debug = _asyncio.task_node == Layout.Offset.Absent ? null : AsyncioDebug.Find(target, process.Module, _asyncio);
        _registry = process.LocateTasks(_debug, _asyncio);
    }

    /// <summary>The tasks that were read, and rings of them.</summary>
    public TaskReport Complete() => TaskAssembly.Assemble(_tasks.Values) with { Undriven = _undriven };

    /// <summary>In what the answer is less than complete.</summary>
    public IReadOnlyList<Note> Notes
    {
        get
        {
            int cut = 0;
            foreach (RawTask task in _tasks.Values)
                cut += task.Truncated is null ? 0 : 1;
            return cut == 0
                ? _notes
                : [.. _notes, new Note("tasks-truncated", $"the stacks of {Quantity.Of(cut, "task")} end early; each says why", null, Incomplete: true)];
        }
    }

    internal void Inspect(Look look, RawThreads threads, PyObjects objects, FrameBuilder builder)
    {
        _notes.Clear();
        _undriven = null;
        Forget(look);
        var read = new TaskLook(_process, look, threads, objects, builder, _runners);
        HeapTasks? heap = null;
        try
        {
            if (_asyncio is not null && _registry is { Interpreters.Count: > 0 })
                read.ReadAsyncio(_asyncio, _debug, _registry);
            heap = read.ReadHeap(_heap);
            read.ReadTrio();
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            _notes.Add(new Note("tasks-incomplete", "tasks could not all be read: " + fault.Message, null, Incomplete: true));
            heap = null;
        }

        foreach (RawTask task in read.Tasks)
            _tasks[task.Address] = task;
        _notes.AddRange(read.Notes);
        _undriven = heap?.Undriven(_tasks.Values);
    }

    private void Forget(Look look)
    {
        var stale = new List<Address>();
        foreach (RawTask task in _tasks.Values)
        {
            if (TaskLook.IsWanted(look, task.Tid))
                stale.Add(task.Address);
        }

        foreach (Address address in stale)
            _tasks.Remove(address);
    }
}
