using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>Lists the threads of all interpreters; serves one look.</summary>
internal sealed class ThreadWalker(IMemory memory, PyLayout layout, InterpreterRoot root)
{
    private const int MaxExtent = 1024;

    private readonly GilReader _gil = new(memory, layout, root);
    private readonly ThreadStateLayout _t = layout.Thread;
    private string? _torn;

    /// <summary>The threads without their stacks and tids, newest first within each interpreter.</summary>
    /// <param name="torn">Why the list ends early; null where it is complete.</param>
    public List<ThreadEntry> List(out string? torn)
    {
        var threads = new List<ThreadEntry>();
        try
        {
            ListInterpreters(threads);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            _torn ??= fault.Message;
        }

        torn = _torn;
        return threads;
    }

    private void ListInterpreters(List<ThreadEntry> threads)
    {
        var guard = new CycleGuard();
        Address interpreter = memory.ReadPointer(root.Head);
        while (!interpreter.IsNull)
        {
            if (!guard.Enter(interpreter, Limits.Interpreters))
                throw TargetFault.Nonsense(interpreter, "a list of interpreters without end");
            ListThreads(interpreter, threads);
            interpreter = memory.ReadPointer(interpreter + layout.Interpreter.next);
        }
    }

    private void ListThreads(Address interpreter, List<ThreadEntry> threads)
    {
        long id = layout.Interpreter.id == Offset.Absent ? 0 : memory.Read<long>(interpreter + layout.Interpreter.id);
        GilState gil = _gil.Read(interpreter);
        bool collecting = IsCollecting(interpreter);
        Address gcFrame = collecting && layout.Interpreter.gc_frame != Offset.Absent
            ? memory.ReadPointer(interpreter + layout.Interpreter.gc_frame)
            : Address.Null;
        var guard = new CycleGuard();
        int first = threads.Count;
        Address thread = memory.ReadPointer(interpreter + layout.Interpreter.threads_head);
        while (!thread.IsNull)
        {
            if (!guard.Enter(thread, Limits.PythonThreads))
                throw TargetFault.Nonsense(thread, "a list of threads without end");
            byte[] bytes = new byte[Math.Min(_t.Extent, MaxExtent)];
            memory.ReadExactly(thread, bytes);
            var entry = new ThreadEntry(thread, interpreter, id, bytes, gil.IsHeldBy(thread), collecting, gcFrame);
            // A thread that ended while the list was read: what follows can't be trusted.
            if (entry.Pointer(_t.interp) != interpreter)
                throw TargetFault.Nonsense(thread, "a thread of another interpreter in the list");
            if (threads.Count > first && !Follows(entry, threads[^1]))
                throw TargetFault.Nonsense(thread, "a thread in the list that the one before it does not belong to");
            threads.Add(entry);
            thread = entry.Pointer(_t.next);
        }

        for (int i = first; i < threads.Count; i++)
            threads[i] = threads[i] with { Order = threads.Count - 1 - i };
    }

    /// <summary>
    /// Where the memory of a thread that ended serves the next one already, its pointers look as they should but lead elsewhere; only the way
    /// back shows it. A thread that is just being taken out stands between the two (tstate_delete_common, Python/pystate.c).
    /// </summary>
    private bool Follows(ThreadEntry entry, ThreadEntry before)
    {
        if (_t.prev == Offset.Absent)
            return true;
        Address prev = entry.Pointer(_t.prev);
        return prev == before.Address
            || memory.TryReadPointer(prev + _t.prev, out Address behind) && behind == before.Address
            && memory.TryReadPointer(prev + _t.next, out Address ahead) && ahead == entry.Address;
    }

    private bool IsCollecting(Address interpreter)
    {
        int collecting;
        if (layout.Interpreter.gc_collecting != Offset.Absent)
            return memory.TryRead(interpreter + layout.Interpreter.gc_collecting, out collecting) && collecting != 0;
        return layout.Runtime.gc_collecting != Offset.Absent
            && memory.TryRead(root.Runtime + layout.Runtime.gc_collecting, out collecting) && collecting != 0;
    }
}

/// <summary>One <c>PyThreadState</c> and what its interpreter says of it.</summary>
/// <param name="Collecting">The interpreter collects garbage, in this thread or another.</param>
/// <param name="GcFrame">The frame in which the collection began (3.15+); null address where not known.</param>
internal sealed record ThreadEntry(
    Address Address, Address Interpreter, long InterpreterId, byte[] Bytes, bool? HoldsGil, bool Collecting, Address GcFrame)
{
    public int Order { get; init; }

    public Address Pointer(int offset) => ((ReadOnlySpan<byte>)Bytes).AddressAt(offset);

    public ulong Word(int offset) => offset == Offset.Absent ? 0 : Pointer(offset).Value;
}
