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
                : [.. _notes, new Note("tasks-truncated", $"the stacks of {cut} tasks end early; each says why", null, Incomplete: true)];
        }
    }

    internal void Inspect(Look look, RawThreads threads, PyObjects objects, FrameBuilder builder)
    {
        _notes.Clear();
        _undriven = null;
        Forget(look);
        try
        {
            if (_asyncio is not null && _registry is { Interpreters.Count: > 0 })
                ReadAsyncio(look, threads, objects, builder, _asyncio, _registry);
            ReadHeap(threads, objects, builder);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            _notes.Add(new Note("tasks-incomplete", "tasks could not all be read: " + fault.Message, null, Incomplete: true));
        }
    }

    private void Forget(Look look)
    {
        var stale = new List<Address>();
        foreach (RawTask task in _tasks.Values)
        {
            if (IsWanted(look, task.Tid))
                stale.Add(task.Address);
        }

        foreach (Address address in stale)
            _tasks.Remove(address);
    }

    private static bool IsWanted(Look look, int? tid) => tid is not { } known || look.Wants(known);

    private void ReadAsyncio(Look look, RawThreads threads, PyObjects objects, FrameBuilder builder, AsyncioLayout layout, TaskRegistry registry)
    {
        if (_debug is null && layout.task_node != Layout.Offset.Absent)
            _notes.Add(new Note("tasks-incomplete", "asyncio's table of offsets was not found: only tasks of other libraries are shown", null, Incomplete: true));
        var futures = new FutureReader(objects, layout);
        FrameChain frames = _process.FramesOf(objects);
        var coroutines = new CoroutineReader(objects, new GeneratorReader(objects, _process.Layout, _process.StackRefTags), frames);
        var callbacks = new CallbackReader(futures, _process.Layout, frames.Codes);
        var reader = new AsyncioReader(futures, coroutines, callbacks, builder, new RunningLoops(objects, _process.Layout, _debug, threads), threads);
        foreach ((Address interpreter, long id) in Interpreters(threads))
        {
            if (!registry.Interpreters.Contains(interpreter))
                continue;
            IReadOnlyCollection<Address> candidates = registry.Find(objects, threads, interpreter, out string? problem);
            List<RawTask> found = reader.Read(candidates, id, tid => IsWanted(look, tid), out int unreadable);
            foreach (RawTask task in found)
                _tasks[task.Address] = task;
            AddNotes(problem, unreadable);
        }
    }

    /// <summary>Greenlets have no list but the collector's.</summary>
    private void ReadHeap(RawThreads threads, PyObjects objects, FrameBuilder builder)
    {
        var generators = new GeneratorReader(objects, _process.Layout, _process.StackRefTags);
        var heap = new HeapTasks(objects, new GreenletReader(objects, _process.Layout, _process.FramesOf, builder), generators);
        foreach ((Address interpreter, long id) in Interpreters(threads))
        {
            if (_heap.Refusal(objects.Memory, interpreter) is { } refusal)
            {
                _notes.Add(new Note("heap-unread", "greenlets and code that nobody drives are unknown: " + refusal));
                return;
            }

            ReadHeap(heap, _heap.Objects(objects, interpreter), id);
        }

        var coroutines = new List<Address>();
        foreach (RawTask task in _tasks.Values)
            coroutines.Add(task.Coroutine);
        _undriven = heap.Undriven(coroutines);
        if (heap.Unreadable > 0)
            _notes.Add(new Note("tasks-incomplete", $"{heap.Unreadable} greenlets or generators could not be read", null, Incomplete: true));
    }

    /// <summary>Greenlets that were read before the time was up, or a list turned out to be torn, are told.</summary>
    private void ReadHeap(HeapTasks heap, IEnumerable<TrackedObject> tracked, long interpreter)
    {
        try
        {
            heap.Read(tracked, interpreter);
        }
        finally
        {
            foreach (RawTask greenlet in heap.Greenlets)
                _tasks[greenlet.Address] = greenlet;
        }
    }

    private static Dictionary<Address, long> Interpreters(RawThreads threads)
    {
        var interpreters = new Dictionary<Address, long>();
        foreach (RawThread thread in threads.Threads)
            interpreters.TryAdd(thread.Interpreter, thread.InterpreterId);
        return interpreters;
    }

    private void AddNotes(string? problem, int unreadable)
    {
        if (problem is not null)
            _notes.Add(new Note("tasks-incomplete", "the list of asyncio's tasks could not be read whole: " + problem, null, Incomplete: true));
        if (unreadable > 0)
            _notes.Add(new Note("tasks-incomplete", $"{unreadable} tasks could not be read", null, Incomplete: true));
    }
}
