using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Tasks;

/// <summary>
/// Which thread runs which event loop: each thread knows the loop that it runs (3.7+), and most loops know their thread's ident. Serves
/// one look.
/// </summary>
internal sealed class RunningLoops
{
    private const string Key = "__asyncio_running_event_loop__";

    /// <summary>_PyThreadStateImpl.asyncio_running_loop of 3.13, whose asyncio says no offsets (DWARF of 3.13.0); a hint that must name a loop.</summary>
    private const int RunningLoop313 = 304;

    private readonly Dictionary<Address, int?> _byLoop = [];
    private readonly Dictionary<ulong, int?> _byIdent = [];
    private readonly PyObjects _objects;

    public RunningLoops(PyObjects objects, PyLayout layout, AsyncioDebug? debug, RawThreads threads)
    {
        _objects = objects;
        foreach (RawThread thread in threads.Threads)
        {
            _byIdent.TryAdd(thread.Ident, thread.Tid);
            Address loop = LoopOf(thread, layout, debug);
            if (!loop.IsNull)
                _byLoop.TryAdd(loop, thread.Tid);
        }
    }

    /// <summary>Null where no thread runs it, or that is not known.</summary>
    public int? ThreadOf(Address loop)
    {
        if (loop.IsNull)
            return null;
        if (!_byLoop.TryGetValue(loop, out int? tid))
            _byLoop.Add(loop, tid = ByIdent(loop));
        return tid;
    }

    /// <summary><c>BaseEventLoop._thread_id</c>, None while it does not run.</summary>
    private int? ByIdent(Address loop)
    {
        try
        {
            Address ident = _objects.Attribute(loop, "_thread_id");
            return _objects.Is(ident, TypeFlags.LongSubclass) ? _byIdent.GetValueOrDefault(unchecked((ulong)_objects.ReadInt64(ident))) : null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private Address LoopOf(RawThread thread, PyLayout layout, AsyncioDebug? debug)
    {
        try
        {
            if (debug is not null)
                return _objects.PointerAt(thread.Address, debug.RunningLoop);
            if (_objects.Layout.Version is { Major: 3, Minor: 13 })
                return _objects.PointerAt(thread.Address, RunningLoop313);
            return InDict(_objects.PointerAt(thread.Address, layout.Thread.dict));
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return Address.Null;
        }
    }

    /// <summary>3.7–3.12: in the thread's dict; up to 3.11 inside of a holder (PyRunningLoopHolder, Modules/_asynciomodule.c).</summary>
    private Address InDict(Address dict)
    {
        if (dict.IsNull)
            return Address.Null;
        Address value = _objects.Lookup(dict, Key);
        bool holds = !value.IsNull && _objects.TypeOf(value).Name.EndsWith("RunningLoopHolder", StringComparison.Ordinal);
        return holds ? _objects.Word(value, 0) : value;
    }
}
