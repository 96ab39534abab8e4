using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>From tasks as they were found, each knowing who waits for it, to tasks that know what they wait for.</summary>
internal static class TaskAssembly
{
    public static TaskReport Assemble(IReadOnlyCollection<RawTask> raw)
    {
        List<RawTask> ordered = [.. raw];
        ordered.Sort(Compare);
        var known = new Dictionary<Address, RawTask>(ordered.Count);
        foreach (RawTask task in ordered)
            known[task.Address] = task;
        Dictionary<Address, List<TaskAwait>> awaits = Awaits(ordered, known);
        var tasks = new List<TaskStack>(ordered.Count);
        foreach (RawTask task in ordered)
            tasks.Add(Stack(task, awaits.GetValueOrDefault(task.Address), known));
        return new TaskReport(tasks, TaskCycles.Find(tasks));
    }

    /// <summary>How a task is called in a sentence.</summary>
    public static string Label(string? name, ulong address) => name ?? "task at 0x" + address.ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    private static Dictionary<Address, List<TaskAwait>> Awaits(List<RawTask> tasks, Dictionary<Address, RawTask> known)
    {
        var awaits = new Dictionary<Address, List<TaskAwait>>();
        foreach (RawTask task in tasks)
        {
            foreach (AwaitEdge edge in task.AwaitedBy)
            {
                if (!known.ContainsKey(edge.Waiter))
                    continue;
                if (!awaits.TryGetValue(edge.Waiter, out List<TaskAwait>? list))
                    awaits.Add(edge.Waiter, list = []);
                list.Add(new TaskAwait(TaskAwaitKind.Task, task.Address.Value, edge.Via, Label(task.Name, task.Address.Value)));
            }
        }

        return awaits;
    }

    private static TaskStack Stack(RawTask task, List<TaskAwait>? awaits, Dictionary<Address, RawTask> known)
    {
        if (WaitsForOther(task, awaits))
            awaits = [new TaskAwait(task.IsWaiterFuture ? TaskAwaitKind.Future : TaskAwaitKind.Other, task.Waiter.Value, null, task.WaiterDescription), .. awaits ?? []];
        var awaitedBy = new List<ulong>();
        foreach (AwaitEdge edge in task.AwaitedBy)
        {
            if (known.ContainsKey(edge.Waiter))
                awaitedBy.Add(edge.Waiter.Value);
        }

        return new TaskStack
        {
            Address = task.Address.Value,
            Kind = task.Kind,
            Name = task.Name,
            State = task.State,
            Tid = task.Tid,
            Interpreter = task.Interpreter,
            Loop = task.Loop.IsNull ? null : new TaskLoop(task.Loop.Value, task.LoopType),
            Frames = task.Frames,
            Truncated = task.Truncated,
            Awaits = awaits ?? [],
            AwaitedBy = awaitedBy,
        };
    }

    /// <summary>A task of asyncio's waits for one thing, which leads to tasks or not; one of trio's may have tasks in nurseries while it waits for something else.</summary>
    private static bool WaitsForOther(RawTask task, List<TaskAwait>? awaits) =>
        !task.Waiter.IsNull && task.State != TaskPhase.Running && (awaits is null || (task.Kind == TaskKind.Trio && !task.WaitsForOthers));

    /// <summary>By interpreter, thread and loop; then as a person counts: Task-2 before Task-10.</summary>
    private static int Compare(RawTask left, RawTask right)
    {
        int order = left.Interpreter.CompareTo(right.Interpreter);
        if (order == 0)
            order = Nullable.Compare(left.Tid, right.Tid);
        if (order == 0)
            order = left.Loop.CompareTo(right.Loop);
        if (order == 0)
            order = (left.Name?.Length ?? 0).CompareTo(right.Name?.Length ?? 0);
        if (order == 0)
            order = string.CompareOrdinal(left.Name, right.Name);
        return order != 0 ? order : left.Address.CompareTo(right.Address);
    }
}
