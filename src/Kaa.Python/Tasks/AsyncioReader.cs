using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>Reads asyncio's tasks of one interpreter, with their stacks and who waits for them. Serves one look.</summary>
internal sealed class AsyncioReader(FutureReader futures, CallbackReader callbacks, TaskStacks stacks, RunningLoops loops)
{
    private readonly PyObjects _objects = futures.Objects;
    private readonly Dictionary<Address, string?> _loopTypes = [];

    /// <param name="candidates">What the registry names.</param>
    /// <param name="wanted">Tells whether tasks of a thread are to be read now.</param>
    /// <param name="unreadable">How many were left out because not even their state could be read.</param>
    public List<RawTask> Read(IReadOnlyCollection<Address> candidates, long interpreter, Func<int?, bool> wanted, out int unreadable)
    {
        var found = new List<RawTask>(candidates.Count);
        var graph = new AwaitGraph(futures, callbacks);
        unreadable = 0;
        foreach (Address candidate in candidates)
        {
            if (!futures.IsTask(candidate))
                continue;
            try
            {
                if (futures.State(candidate) == FutureState.Pending)
                    AddTask(candidate, interpreter, wanted, found, graph);
            }
            catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
            {
                unreadable++;
            }
        }

        for (int i = 0; i < found.Count; i++)
            found[i] = found[i] with { AwaitedBy = graph.AwaitedBy(found[i].Address) };
        return found;
    }

    private void AddTask(Address address, long interpreter, Func<int?, bool> wanted, List<RawTask> found, AwaitGraph graph)
    {
        Address waiter = futures.Waiter(address);
        if (!waiter.IsNull)
            graph.Add(address, waiter);
        Address loop = futures.Loop(address);
        int? tid = loops.ThreadOf(loop);
        if (!wanted(tid))
            return;
        var task = new RawTask
        {
            Address = address,
            Kind = TaskKind.Asyncio,
            Interpreter = interpreter,
            Loop = loop,
            LoopType = LoopType(loop),
            Tid = tid,
            Waiter = waiter,
        };
        found.Add(WithStack(task));
    }

    private RawTask WithStack(RawTask task)
    {
        try
        {
            RawTask stack = stacks.Add(task with { Name = futures.Name(task.Address) }, futures.Coroutine(task.Address), out CoroutineChain chain);
            RawTask known = stack with { State = StateOf(chain, task.Waiter) };
            return chain.ExecutingFrame.IsNull ? WithWaiter(known, chain) : known;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return task with { Truncated = fault.Message };
        }
    }

    private static TaskPhase StateOf(CoroutineChain chain, Address waiter)
    {
        if (chain.Truncated is not null && chain.Frames.Count == 0)
            return TaskPhase.Unknown;
        if (chain.Phase == GeneratorPhase.Executing)
            return TaskPhase.Running;
        if (!waiter.IsNull)
            return TaskPhase.Pending;
        return chain.Phase == GeneratorPhase.Created ? TaskPhase.Created : TaskPhase.Ready;
    }

    private RawTask WithWaiter(RawTask task, CoroutineChain chain)
    {
        Address waiter = task.Waiter.IsNull && task.State != TaskPhase.Created ? Other(chain.Awaits) : task.Waiter;
        bool isFuture = futures.IsFuture(waiter);
        return task with { Waiter = waiter, IsWaiterFuture = isFuture, WaiterDescription = waiter.IsNull ? "" : Describe(waiter, isFuture) };
    }

    /// <summary>A coroutine that is none of CPython's (Cython's): all that is known of the stack. Futures it has been told of already are no news.</summary>
    private Address Other(Address awaits) =>
        awaits.IsNull || _objects.TypeOf(awaits) is { Name: "_asyncio.FutureIter" or "NoneType" } ? Address.Null : awaits;

    private string Describe(Address waiter, bool isFuture)
    {
        string type = _objects.TypeName(_objects.TypeOf(waiter));
        if (!isFuture)
            return type;
        return futures.State(waiter) switch
        {
            FutureState.Pending => type + " (pending)",
            FutureState.Cancelled => type + " (cancelled)",
            _ => type + " (done)",
        };
    }

    private string? LoopType(Address loop)
    {
        if (loop.IsNull)
            return null;
        if (!_loopTypes.TryGetValue(loop, out string? name))
        {
            name = TryTypeName(loop);
            _loopTypes.Add(loop, name);
        }

        return name;
    }

    private string? TryTypeName(Address instance)
    {
        try
        {
            return _objects.TypeName(_objects.TypeOf(instance));
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }
}
