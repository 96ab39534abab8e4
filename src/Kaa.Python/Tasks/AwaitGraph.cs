using Kaa.Formats;
using Kaa.Python.Objects;

namespace Kaa.Python.Tasks;

/// <summary>
/// Who waits for a task: tasks whose waiter it is; those that wait for a future which asyncio settles from the task's callbacks; and from
/// 3.14 on whom the task names itself. Serves one look.
/// </summary>
internal sealed class AwaitGraph(FutureReader futures, CallbackReader callbacks)
{
    private readonly Dictionary<Address, List<Address>> _waiting = [];

    /// <summary>Tells that a task waits for a future.</summary>
    public void Add(Address task, Address future)
    {
        if (!_waiting.TryGetValue(future, out List<Address>? tasks))
            _waiting.Add(future, tasks = []);
        tasks.Add(task);
    }

    /// <summary>Once all are added. What can't be read adds nobody.</summary>
    public IReadOnlyList<AwaitEdge> AwaitedBy(Address task)
    {
        var found = new List<AwaitEdge>();
        var seen = new HashSet<Address>();
        try
        {
            Follow(task, via: null, found, seen, depth: 0);
            Named(task, found, seen: [], depth: 0);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // Those that were found do wait for it.
        }

        return found;
    }

    private void Follow(Address future, string? via, List<AwaitEdge> found, HashSet<Address> seen, int depth)
    {
        if (depth > Limits.FutureDepth || !seen.Add(future))
            return;
        foreach (Address waiter in _waiting.GetValueOrDefault(future) ?? [])
            Keep(found, new AwaitEdge(waiter, via));
        foreach (Address callback in futures.Callbacks(future))
        {
            // A future that is a task itself ends the search: its own waiters wait for that task.
            if (callbacks.Read(callback) is { } target && !futures.IsTask(target.Future))
                Follow(target.Future, via ?? target.Via, found, seen, depth + 1);
        }
    }

    /// <summary><c>_asyncio_awaited_by</c>; between tasks there may be futures.</summary>
    private void Named(Address future, List<AwaitEdge> found, HashSet<Address> seen, int depth)
    {
        if (depth > Limits.FutureDepth || !seen.Add(future))
            return;
        foreach (Address waiter in futures.AwaitedBy(future))
        {
            if (futures.IsTask(waiter))
                Keep(found, new AwaitEdge(waiter, null));
            else if (futures.IsFuture(waiter))
                Named(waiter, found, seen, depth + 1);
        }
    }

    private static void Keep(List<AwaitEdge> found, AwaitEdge edge)
    {
        foreach (AwaitEdge one in found)
        {
            if (one.Waiter == edge.Waiter)
                return;
        }

        found.Add(edge);
    }
}
