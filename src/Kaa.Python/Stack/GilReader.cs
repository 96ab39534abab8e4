using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Stack;

/// <summary>Who holds the GIL of an interpreter.</summary>
/// <param name="Known">False where there is none, or it could not be learned.</param>
/// <param name="Holder">The thread state that holds it; null address for nobody.</param>
internal readonly record struct GilState(bool Known, Address Holder)
{
    public bool? IsHeldBy(Address thread) => Known ? Holder == thread && !thread.IsNull : null;
}

internal sealed class GilReader(IMemory memory, PyLayout layout, InterpreterRoot root)
{
    public GilState Read(Address interpreter)
    {
        if (layout.Runtime.ceval_gil != Offset.Absent)
            return ReadLock(root.Runtime + layout.Runtime.ceval_gil);
        if (layout.Interpreter.ceval_gil != Offset.Absent)
            return memory.TryReadPointer(interpreter + layout.Interpreter.ceval_gil, out Address gil) && !gil.IsNull ? ReadLock(gil) : default;
        return !root.CurrentThread.IsNull && memory.TryReadPointer(root.CurrentThread, out Address current) ? new GilState(true, current) : default;
    }

    private GilState ReadLock(Address gil)
    {
        bool isFree = layout.Gil.enabled != Offset.Absent && (!memory.TryRead(gil + layout.Gil.enabled, out int enabled) || enabled == 0);
        if (isFree || !memory.TryRead(gil + layout.Gil.locked, out int locked) || !memory.TryReadPointer(gil + layout.Gil.last_holder, out Address holder))
            return default;
        return new GilState(true, locked == 1 ? holder : Address.Null);
    }
}
