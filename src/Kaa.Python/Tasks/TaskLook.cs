using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Python.Waits;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Tasks;

/// <summary>Reads all tasks in one look.</summary>
internal sealed class TaskLook
{
    private readonly PythonProcess _process;
    private readonly Look _look;
    private readonly RawThreads _threads;
    private readonly PyObjects _objects;
    private readonly FrameBuilder _builder;
    private readonly CodeReader _codes;
    private readonly GeneratorReader _generators;
    private readonly TaskStacks _stacks;
    private readonly TrioRunners _runners;

    public TaskLook(PythonProcess process, Look look, RawThreads threads, PyObjects objects, FrameBuilder builder, TrioRunners runners)
    {
        _process = process;
        _look = look;
        _threads = threads;
        _objects = objects;
        _builder = builder;
        FrameChain frames = process.FramesOf(objects);
        _codes = frames.Codes;
        _generators = new GeneratorReader(objects, process.Layout, process.StackRefTags);
        _stacks = new TaskStacks(new CoroutineReader(objects, _generators, frames), builder, threads);
        _runners = runners;
        runners.FindInFrames(objects, threads, new WaitFrames(objects, process.Layout, process.StackRefTags));
    }

    /// <summary>Those that are to be read now, and could be.</summary>
    public List<RawTask> Tasks { get; } = [];

    public List<Note> Notes { get; } = [];

    /// <summary>A task is still as long as its thread is; of one whose thread is not known, that can't be told.</summary>
    public static bool IsWanted(Look look, int? tid) => tid is not { } known || look.Wants(known);

    public void ReadAsyncio(AsyncioLayout layout, AsyncioDebug? debug, TaskRegistry registry)
    {
        if (debug is null && layout.task_node != Layout.Offset.Absent)
            Notes.Add(new Note("tasks-incomplete", "asyncio's table of offsets was not found: only tasks of other libraries are shown", null, Incomplete: true));
        var futures = new FutureReader(_objects, layout);
        var callbacks = new CallbackReader(futures, _process.Layout, _codes);
        var reader = new AsyncioReader(futures, callbacks, _stacks, new RunningLoops(_objects, _process.Layout, debug, _threads));
        foreach ((Address interpreter, long id) in Interpreters())
        {
            if (!registry.Interpreters.Contains(interpreter))
                continue;
            IReadOnlyCollection<Address> candidates = registry.Find(_objects, _threads, interpreter, out string? problem);
            Tasks.AddRange(reader.Read(candidates, id, tid => IsWanted(_look, tid), out int unreadable));
            if (problem is not null)
                Notes.Add(new Note("tasks-incomplete", "the list of asyncio's tasks could not be read whole: " + problem, null, Incomplete: true));
            AddUnreadable(unreadable);
        }
    }

    /// <summary>Greenlets have no list but the collector's. Null where that can't be read.</summary>
    public HeapTasks? ReadHeap(GcWalk walk)
    {
        var greenlets = new GreenletReader(_objects, _process.Layout, _process.FramesOf, _builder);
        var heap = new HeapTasks(_objects, greenlets, _generators, _runners);
        try
        {
            foreach ((Address interpreter, long id) in Interpreters())
            {
                if (walk.Refusal(_objects.Memory, interpreter) is { } refusal)
                {
                    Notes.Add(new Note("heap-unread", "greenlets and code that nobody drives are unknown: " + refusal));
                    return null;
                }

                heap.Read(walk.Objects(_objects, interpreter), id);
            }
        }
        finally
        {
            // Those that were read before the time was up, or a list turned out to be torn, are told.
            Tasks.AddRange(heap.Greenlets);
        }

        if (heap.Unreadable > 0)
            Notes.Add(new Note("tasks-incomplete", $"{heap.Unreadable} greenlets or generators could not be read", null, Incomplete: true));
        return heap;
    }

    /// <summary>After <see cref="ReadHeap"/>, which finds runners too.</summary>
    public void ReadTrio()
    {
        var reader = new TrioReader(_objects, _process.Layout, _stacks);
        foreach (TrioRunner runner in _runners.Found)
        {
            if (!IsWanted(_look, runner.Tid))
                continue;
            Tasks.AddRange(reader.Read(runner, out int unreadable));
            AddUnreadable(unreadable);
        }
    }

    private Dictionary<Address, long> Interpreters()
    {
        var interpreters = new Dictionary<Address, long>();
        foreach (RawThread thread in _threads.Threads)
            interpreters.TryAdd(thread.Interpreter, thread.InterpreterId);
        return interpreters;
    }

    private void AddUnreadable(int count)
    {
        if (count > 0)
            Notes.Add(new Note("tasks-incomplete", $"{Quantity.Of(count, "task")} could not be read", null, Incomplete: true));
    }
}
