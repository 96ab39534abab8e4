using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>Finds the <c>PyThreadState</c>s of a thread of the kernel's, and tells cheaply whether those that were found are still the ones.</summary>
internal sealed class CallerStates(IMemory memory, PythonProcess process)
{
    private readonly PyLayout _layout = process.Layout;
    private readonly ThreadStateLayout _t = process.Layout.Thread;

    /// <summary>False where the thread has none: it runs no Python code.</summary>
    /// <exception cref="TargetFault">The list of threads can't be read.</exception>
    public bool Find(CallerThread thread)
    {
        if (thread.States.Count > 0 ? AreStillThere(thread) : thread.FoundNothingAt is { } then && then == ListHead())
            return thread.States.Count > 0;
        return Search(thread);
    }

    private bool Search(CallerThread thread)
    {
        thread.States.Clear();
        thread.FoundNothingAt = null;
        ulong head = ListHead();
        foreach (ThreadEntry entry in new ThreadWalker(memory, _layout, process.Root).List(out string? torn))
        {
            if (Belongs(entry.Word(_t.thread_id), entry.Word(_t.native_thread_id), thread))
                thread.States.Add(new CallerState(entry.Address, entry.Interpreter));
            else if (torn is not null)
                head = 0;
        }

        if (thread.States.Count > 0)
            return true;
        thread.FoundNothingAt = head == 0 ? null : head;
        return false;
    }

    /// <summary>
    /// A state that was freed keeps its content for a while, and the next thread may get the same thread pointer: so it must be in the list still, which the
    /// neighbour's pointer shows.
    /// </summary>
    private bool AreStillThere(CallerThread thread)
    {
        foreach (CallerState state in thread.States)
        {
            if (!IsStillThere(state, thread))
                return false;
        }

        return true;
    }

    private bool IsStillThere(CallerState state, CallerThread thread)
    {
        if (!memory.TryReadPointer(state.Address + _t.interp, out Address interpreter) || interpreter != state.Interpreter
            || !Belongs(Word(state.Address, _t.thread_id), Word(state.Address, _t.native_thread_id), thread))
            return false;
        if (_t.prev == Offset.Absent)
            return IsListed(state);
        if (!memory.TryReadPointer(state.Address + _t.prev, out Address before))
            return false;
        Address link = before.IsNull ? state.Interpreter + _layout.Interpreter.threads_head : before + _t.next;
        return memory.TryReadPointer(link, out Address self) && self == state.Address;
    }

    /// <summary>2.7's list leads one way only.</summary>
    private bool IsListed(CallerState state)
    {
        var guard = new CycleGuard();
        memory.TryReadPointer(state.Interpreter + _layout.Interpreter.threads_head, out Address one);
        while (!one.IsNull && guard.Enter(one, Limits.PythonThreads))
        {
            if (one == state.Address)
                return true;
            if (!memory.TryReadPointer(one + _t.next, out one))
                return false;
        }

        return false;
    }

    /// <summary>By the thread pointer where both are known: ids can be those of another namespace, and are left from before a fork.</summary>
    private static bool Belongs(ulong ident, ulong native, CallerThread thread) =>
        thread.Pointer != 0 && ident != 0 ? ident == thread.Pointer : native != 0 && native == (ulong)thread.NamespaceTid;

    private ulong Word(Address state, int offset) => offset != Offset.Absent && memory.TryRead(state + offset, out ulong word) ? word : 0;

    /// <summary>A number that changes when a thread or an interpreter is added, which is done in front. 0 where it can't be read.</summary>
    private ulong ListHead()
    {
        if (!memory.TryReadPointer(process.Root.Head, out Address interpreter) || interpreter.IsNull
            || !memory.TryReadPointer(interpreter + _layout.Interpreter.threads_head, out Address first))
            return 0;
        return unchecked((interpreter.Value * 0x9e3779b97f4a7c15) ^ first.Value ^ (first.IsNull ? 0 : Word(first, _t.thread_id)));
    }
}
