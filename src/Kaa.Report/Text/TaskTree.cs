using Kaa.Results;

namespace Kaa.Report.Text;

/// <param name="Depth">0 for a task that nobody awaits.</param>
/// <param name="Via">By which means the task above it waits for it; null for <c>await</c>, and at depth 0.</param>
/// <param name="Seen">It stands in the tree already, with all that is under it.</param>
internal readonly record struct TaskTreeLine(TaskStack Task, int Depth, string? Via, bool Seen);

/// <summary>
/// Puts tasks in the order of a tree: under each those that it waits for. A task that several wait for is told once; rings are cut where they
/// close. Without recursion, as the target may chain as many tasks as it likes.
/// </summary>
internal static class TaskTree
{
    public static IEnumerable<TaskTreeLine> Lines(IReadOnlyList<TaskStack> tasks)
    {
        var byAddress = new Dictionary<ulong, TaskStack>(tasks.Count);
        foreach (TaskStack task in tasks)
            byAddress[task.Address] = task;
        var seen = new HashSet<ulong>();
        foreach (TaskStack task in tasks)
        {
            if (task.AwaitedBy.Count > 0)
                continue;
            foreach (TaskTreeLine line in From(task, byAddress, seen))
                yield return line;
        }

        // What is left hangs below rings, in which each is awaited by another.
        foreach (TaskStack task in tasks)
        {
            if (seen.Contains(task.Address))
                continue;
            foreach (TaskTreeLine line in From(task, byAddress, seen))
                yield return line;
        }
    }

    private static IEnumerable<TaskTreeLine> From(TaskStack root, Dictionary<ulong, TaskStack> byAddress, HashSet<ulong> seen)
    {
        var open = new Stack<TaskTreeLine>();
        open.Push(new TaskTreeLine(root, 0, null, false));
        while (open.TryPop(out TaskTreeLine line))
        {
            bool again = !seen.Add(line.Task.Address);
            yield return line with { Seen = again };
            if (again)
                continue;
            for (int i = line.Task.Awaits.Count - 1; i >= 0; i--)
            {
                TaskAwait awaited = line.Task.Awaits[i];
                if (awaited.Kind == TaskAwaitKind.Task && byAddress.TryGetValue(awaited.Address, out TaskStack? task))
                    open.Push(new TaskTreeLine(task, line.Depth + 1, awaited.Via, false));
            }
        }
    }
}
