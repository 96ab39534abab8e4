using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Waits;

/// <summary>Collects during the look what each thread waits for; afterwards says it, and finds the deadlocks.</summary>
public sealed class WaitInspector : IThreadInspector
{
    private readonly PythonProcess _process;
    private readonly ObservedTarget _target;
    private readonly GilLocator _gils;
    private readonly Dictionary<int, ThreadWaits> _waits = [];
    private readonly Dictionary<int, TargetThread> _kernel = [];
    private Look? _look;
    private WaitReader? _reader;
    private WaitFrames? _frames;

    public WaitInspector(PythonProcess process, ObservedTarget target)
    {
        _process = process;
        _target = target;
        _gils = new GilLocator(process, target);
    }

    public void Inspect(Look look, RawThread thread, PyObjects objects)
    {
        if (!ReferenceEquals(look, _look))
            Begin(look, objects);
        if (thread.Tid is not { } tid || thread.Stack is not { } stack || !_kernel.TryGetValue(tid, out TargetThread? kernel))
            return;
        var frames = new List<IWaitFrame>(stack.Frames.Count);
        foreach (RawFrame frame in stack.Frames)
            frames.Add(_frames!.Of(frame));
        try
        {
            _waits[tid] = _reader!.Read(kernel, frames, _gils.Find(thread, objects.Memory));
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            _waits[tid] = ThreadWaits.None;
        }
    }

    /// <summary>The threads with what they wait for, and those of them that wait in a ring.</summary>
    public (IReadOnlyList<ThreadStack> Threads, IReadOnlyList<Deadlock> Deadlocks) Complete(IReadOnlyList<ThreadStack> threads)
    {
        IReadOnlyList<ThreadStack> resolved = WaitResolver.Resolve(threads, _waits, _target.DescribeDescriptor);
        return (resolved, DeadlockFinder.Find(resolved));
    }

    private void Begin(Look look, PyObjects objects)
    {
        _look = look;
        _kernel.Clear();
        foreach (TargetThread thread in look.Threads)
            _kernel[thread.Tid] = thread;
        _reader = new WaitReader(objects, _process.Layout.Callable.m_self);
        _frames = new WaitFrames(objects, _process.Layout, _process.StackRefTags);
    }
}

/// <summary>Finds the GIL that a thread has to take, and who holds it.</summary>
internal sealed class GilLocator(PythonProcess process, ObservedTarget target)
{
    private readonly Lazy<Address?> _interpreterLock = new(() => FindInterpreterLock(process, target));

    /// <summary>Null where there is none (free-threaded), or it can't be told where it is.</summary>
    public GilFacts? Find(RawThread thread, IMemory memory)
    {
        PyLayout layout = process.Layout;
        if (process.Flavour.FreeThreaded && !IsEnabled(thread, memory))
            return null;
        if (layout.Runtime.ceval_gil != Offset.Absent)
            return Read(process.Root.Runtime + layout.Runtime.ceval_gil, memory);
        if (layout.Interpreter.ceval_gil != Offset.Absent)
            return memory.TryReadPointer(thread.Interpreter + layout.Interpreter.ceval_gil, out Address gil) && !gil.IsNull ? Read(gil, memory) : null;
        return ReadStatic(memory);
    }

    /// <summary>A free-threaded build that was told to run with a GIL has one (PYTHON_GIL=1).</summary>
    private bool IsEnabled(RawThread thread, IMemory memory)
    {
        PyLayout layout = process.Layout;
        return layout.Interpreter.ceval_gil != Offset.Absent && layout.Gil.enabled != Offset.Absent
            && memory.TryReadPointer(thread.Interpreter + layout.Interpreter.ceval_gil, out Address gil)
            && memory.TryRead(gil + layout.Gil.enabled, out int enabled) && enabled != 0;
    }

    private GilFacts? Read(Address gil, IMemory memory)
    {
        if (!memory.TryRead(gil + process.Layout.Gil.locked, out int locked))
            return null;
        ulong? holder = locked == 1 && memory.TryReadPointer(gil + process.Layout.Gil.last_holder, out Address state) ? Ident(state, memory) : null;
        return new GilFacts(gil, GilFacts.StructSize, holder);
    }

    /// <summary>
    /// Before 3.7 the GIL was made of static variables: a lock of its own on the heap, behind <c>interpreter_lock</c> (2.7, Python/ceval.c), or
    /// condition variable and mutex in .bss (3.6, Python/ceval_gil.h).
    /// </summary>
    private GilFacts? ReadStatic(IMemory memory)
    {
        ulong? holder = !process.Root.CurrentThread.IsNull && memory.TryReadPointer(process.Root.CurrentThread, out Address state)
            ? Ident(state, memory)
            : null;
        if (process.Version.Major == 2)
        {
            return _interpreterLock.Value is { } variable && memory.TryReadPointer(variable, out Address semaphore) && !semaphore.IsNull
                ? new GilFacts(semaphore, 1, holder)
                : null;
        }

        return _interpreterLock.Value is { } condition ? new GilFacts(condition, GilFacts.ConditionSize, holder) : null;
    }

    private static Address? FindInterpreterLock(PythonProcess process, ObservedTarget target) =>
        process.Module is { } module
            ? target.Images.For(module).FindSymbol(process.Version.Major == 2 ? "interpreter_lock" : "gil_cond")
            : null;

    private ulong? Ident(Address state, IMemory memory) =>
        !state.IsNull && memory.TryRead(state + process.Layout.Thread.thread_id, out ulong ident) ? ident : null;
}
