using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>Finds tasks that wait for each other in a ring: a search in depth, without recursion.</summary>
internal static class TaskCycles
{
    private const int MaxCycles = 100;

    /// <summary>A ring that shares all of its tasks with one that was found is not told again.</summary>
    public static IReadOnlyList<TaskCycle> Find(IReadOnlyList<TaskStack> tasks)
    {
        var byAddress = new Dictionary<ulong, TaskStack>(tasks.Count);
        foreach (TaskStack task in tasks)
            byAddress[task.Address] = task;
        var cycles = new List<TaskCycle>();
        var ended = new HashSet<ulong>();
        foreach (TaskStack task in tasks)
        {
            if (!ended.Contains(task.Address))
                Search(task, byAddress, ended, cycles);
        }

        return cycles;
    }

    private static void Search(TaskStack start, Dictionary<ulong, TaskStack> byAddress, HashSet<ulong> ended, List<TaskCycle> cycles)
    {
        var path = new List<(TaskStack Task, int Next)> { (start, 0) };
        var places = new Dictionary<ulong, int> { [start.Address] = 0 };
        while (path.Count > 0)
        {
            (TaskStack task, int next) = path[^1];
            if (next == task.Awaits.Count)
            {
                path.RemoveAt(path.Count - 1);
                places.Remove(task.Address);
                ended.Add(task.Address);
                continue;
            }

            path[^1] = (task, next + 1);
            TaskAwait awaited = task.Awaits[next];
            if (awaited.Kind != TaskAwaitKind.Task || ended.Contains(awaited.Address) || !byAddress.TryGetValue(awaited.Address, out TaskStack? other))
                continue;
            if (places.TryGetValue(other.Address, out int place))
                Add(cycles, path, place);
            else
            {
                places.Add(other.Address, path.Count);
                path.Add((other, 0));
            }
        }
    }

    private static void Add(List<TaskCycle> cycles, List<(TaskStack Task, int Next)> path, int place)
    {
        if (cycles.Count == MaxCycles)
            return;
        var members = new List<ulong>();
        var names = new List<string>();
        for (int i = place; i < path.Count; i++)
        {
            members.Add(path[i].Task.Address);
            names.Add(TaskAssembly.Label(path[i].Task.Name, path[i].Task.Address));
        }

        string description = names.Count == 1
            ? names[0] + " waits for itself"
            : string.Join(" waits for ", names) + " waits for " + names[0];
        cycles.Add(new TaskCycle(members, description));
    }
}
