using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>Reads asyncio's tasks of one interpreter, with their stacks and who waits for them. Serves one look.</summary>
internal sealed class AsyncioReader(FutureReader futures, CoroutineReader coroutines, CallbackReader callbacks, FrameBuilder builder, RunningLoops loops, RawThreads threads)
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
            Address coroutine = futures.Coroutine(task.Address);
            CoroutineChain chain = coroutines.Read(coroutine);
            RawTask named = task with { Coroutine = coroutine, Name = futures.Name(task.Address), State = StateOf(chain, task.Waiter) };
            return chain.ExecutingFrame.IsNull ? Suspended(named, chain) : Running(named, chain.ExecutingFrame);
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

    private RawTask Suspended(RawTask task, CoroutineChain chain)
    {
        IReadOnlyList<StackFrame> frames = builder.BuildSuspended(new RawStack(chain.Frames, chain.Truncated), out string? truncated);
        Address waiter = task.Waiter.IsNull && task.State != TaskPhase.Created ? Other(chain.Awaits) : task.Waiter;
        bool isFuture = futures.IsFuture(waiter);
        return task with
        {
            Frames = Named(frames, chain.Names),
            Truncated = truncated,
            Waiter = waiter,
            IsWaiterFuture = isFuture,
            WaiterDescription = waiter.IsNull ? "" : Describe(waiter, isFuture),
        };
    }

    /// <summary>A coroutine that is none of CPython's (Cython's): all that is known of the stack. Futures it has been told of already are no news.</summary>
    private Address Other(Address awaits) =>
        awaits.IsNull || _objects.TypeOf(awaits) is { Name: "_asyncio.FutureIter" or "NoneType" } ? Address.Null : awaits;

    /// <summary>The frames that its thread has inside of its coroutine's, and that one.</summary>
    private RawTask Running(RawTask task, Address outermost)
    {
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Stack is not { } stack)
                continue;
            for (int i = 0; i < stack.Frames.Count; i++)
            {
                if (stack.Frames[i].Address != outermost)
                    continue;
                var frames = new List<RawFrame>(i + 1);
                for (int one = 0; one <= i; one++)
                    frames.Add(stack.Frames[one]);
                RawThread inner = thread with { Stack = new RawStack(frames, null) };
                return task with { Tid = thread.Tid, Frames = builder.Build(inner, blocked: false, out string? truncated), Truncated = truncated };
            }
        }

        return task with { Truncated = "it runs, but no thread that was read shows its frames" };
    }

    /// <summary>Up to 3.10 code has no qualified name, but its generator has.</summary>
    private static StackFrame[] Named(IReadOnlyList<StackFrame> frames, IReadOnlyList<string?> names)
    {
        var named = new StackFrame[frames.Count];
        for (int i = 0; i < named.Length; i++)
        {
            bool lacks = frames[i] is PythonFrame { QualifiedName: null } && i < names.Count;
            named[i] = lacks ? ((PythonFrame)frames[i]) with { QualifiedName = names[i] } : frames[i];
        }

        return named;
    }

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
