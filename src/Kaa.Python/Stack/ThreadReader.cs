using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>Reads all threads of one process, look by look; remembers between looks only what can't change.</summary>
internal sealed class ThreadReader(PyLayout layout, PySemantics semantics, InterpreterRoot root, int? pid)
{
    /// <summary><c>_Py_THREAD_ATTACHED</c>, Include/internal/pycore_pystate.h (3.13+).</summary>
    private const int Attached = 1;

    private readonly ThreadIds _ids = new();

    /// <param name="objects">Of this look.</param>
    /// <param name="kept">What is known of code objects from earlier looks; null for nothing.</param>
    public RawThreads Read(Look look, PyObjects objects, FrameChain? kept = null)
    {
        IMemory memory = objects.Memory;
        List<ThreadEntry> entries = new ThreadWalker(memory, layout, root).List(out string? torn);
        Dictionary<int, int> tids = ThreadIds.ByNamespace(look.Threads);
        Dictionary<ulong, int> byPointer = ThreadIds.ByPointer(look.Threads);
        LearnIds(memory, entries, tids);
        ulong mainIdent = MainIdent(memory, entries);
        FrameChain chain = kept ?? FrameChain.For(objects, layout, semantics);
        var threads = new List<RawThread>(entries.Count);
        foreach (ThreadEntry entry in entries)
        {
            ulong ident = entry.Word(layout.Thread.thread_id);
            int? tid = byPointer.TryGetValue(ident, out int own)
                ? own
                : _ids.Find(memory, entry.Word(layout.Thread.native_thread_id), ident, tids);
            bool wanted = tid is { } known ? look.Wants(known) : look.Wanted is null;
            RawStack? stack = wanted ? chain.Walk(entry.Bytes) : null;
            threads.Add(new RawThread
            {
                Address = entry.Address,
                Interpreter = entry.Interpreter,
                InterpreterId = entry.InterpreterId,
                Tid = tid,
                Ident = ident,
                Main = mainIdent != 0 ? ident == mainIdent : tid is not null && tid == pid,
                HoldsGil = entry.HoldsGil,
                Gc = Collects(entry, stack, entries),
                Tracing = unchecked((int)entry.Word(layout.Thread.tracing)) > 0,
                Order = entry.Order,
                Stack = stack,
            });
        }

        return new RawThreads(threads, torn);
    }

    private void LearnIds(IMemory memory, List<ThreadEntry> entries, Dictionary<int, int> tids)
    {
        if (layout.Thread.native_thread_id != Offset.Absent)
            return;
        // A thread that runs sub-interpreters has a state in each.
        var pthreads = new HashSet<ulong>();
        foreach (ThreadEntry entry in entries)
        {
            if (entry.Word(layout.Thread.thread_id) is > 0 and ulong pthread)
                pthreads.Add(pthread);
        }

        _ids.Learn(memory, [.. pthreads], tids);
    }

    /// <summary>0 where the runtime does not say, or names no thread that there is.</summary>
    private ulong MainIdent(IMemory memory, List<ThreadEntry> entries)
    {
        if (layout.Runtime.main_thread == Offset.Absent || !memory.TryRead(root.Runtime + layout.Runtime.main_thread, out ulong ident))
            return 0;
        foreach (ThreadEntry entry in entries)
        {
            if (entry.Word(layout.Thread.thread_id) == ident)
                return ident;
        }

        return 0;
    }

    /// <summary>
    /// Which thread it is that collects. 3.15 names the frame; else it is who holds the GIL, and without a GIL the only thread that the
    /// collector did not suspend.
    /// </summary>
    private bool Collects(ThreadEntry entry, RawStack? stack, List<ThreadEntry> entries)
    {
        if (!entry.Collecting)
            return false;
        if (!entry.GcFrame.IsNull && stack is not null)
            return HasFrame(stack, entry.GcFrame);
        return entry.HoldsGil ?? IsOnlyAttached(entry, entries);
    }

    private static bool HasFrame(RawStack stack, Address frame)
    {
        foreach (RawFrame one in stack.Frames)
        {
            if (one.Address == frame)
                return true;
        }

        return false;
    }

    private bool IsOnlyAttached(ThreadEntry entry, List<ThreadEntry> entries)
    {
        if (layout.Thread.state == Offset.Absent || !IsAttached(entry))
            return false;
        foreach (ThreadEntry other in entries)
        {
            if (other.Address != entry.Address && other.Interpreter == entry.Interpreter && IsAttached(other))
                return false;
        }

        return true;
    }

    private bool IsAttached(ThreadEntry entry) => (entry.Word(layout.Thread.state) & uint.MaxValue) == Attached;
}
