using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Target;

namespace Kaa.Python.Tasks;

/// <summary>An object that the collector tracks.</summary>
internal readonly record struct TrackedObject(Address Address, Address Type);

/// <summary>
/// Walks the collector's lists: all objects that can hold others. Where the lists begin is told by the field <c>collecting</c> that stands at a
/// fixed distance behind them (<c>struct _gc_runtime_state</c>, Include/internal/pycore_gc.h, from 3.14 on pycore_interp_structs.h); up to 3.6 by an
/// exported variable. Free-threaded builds have no such lists.
/// </summary>
internal sealed class GcWalk(PythonProcess process, ObservedTarget target)
{
    /// <summary>3.14 has its lists at the same distance before and after 3.14.5 put the incremental collector aside.</summary>
    private const int Generations = 3;

    private readonly PythonVersion _version = process.Version;
    private Address? _generation0;

    /// <summary>Why there is nothing to walk; null where there is.</summary>
    /// <param name="interpreter">Whose collector it is.</param>
    public string? Refusal(IMemory memory, Address interpreter)
    {
        if (process.Flavour.FreeThreaded)
            return "a free-threaded build has no list of its objects";
        if (Heads(memory, interpreter).Count == 0)
            return "the collector's lists were not found";
        return Collecting(interpreter) is { } flag && memory.TryRead(flag, out int collecting) && collecting != 0
            ? "the collector is at work, and its lists are being changed"
            : null;
    }

    /// <exception cref="TargetFault">A list is torn, or can't be read.</exception>
    public IEnumerable<TrackedObject> Objects(PyObjects objects, Address interpreter)
    {
        // Up to 3.7 three words, aligned to 16.
        int headSize = _version.AtLeast(3, 8) ? 16 : 32;
        int type = headSize + objects.Layout.PyObject.ob_type;
        byte[] bytes = new byte[type + 8];
        foreach (Address head in Heads(objects.Memory, interpreter))
        {
            var guard = new CycleGuard();
            Address node = Next(objects.Memory.ReadPointer(head));
            while (node != head)
            {
                if (node.IsNull || !guard.Enter(node, Limits.TrackedObjects))
                    throw TargetFault.Nonsense(node, "a torn list of the collector's");
                objects.Memory.ReadExactly(node, bytes);
                yield return new TrackedObject(node + headSize, ((ReadOnlySpan<byte>)bytes).AddressAt(type));
                node = Next(((ReadOnlySpan<byte>)bytes).AddressAt(0));
            }
        }
    }

    /// <summary>The lowest bits are flags (3.8+, PREV_SHIFT and NEXT_MASK_UNREACHABLE; 3.14: the space that an object is in).</summary>
    private static Address Next(Address node) => new(node.Value & ~3ul);

    private Address? Collecting(Address interpreter)
    {
        if (process.Layout.Interpreter.gc_collecting != Offset.Absent)
            return interpreter + process.Layout.Interpreter.gc_collecting;
        return process.Layout.Runtime.gc_collecting != Offset.Absent ? process.Root.Runtime + process.Layout.Runtime.gc_collecting : null;
    }

    private List<Address> Heads(IMemory memory, Address interpreter)
    {
        var heads = new List<Address>();
        (Address first, int stride, int permanent) = First(memory, interpreter);
        if (first.IsNull)
            return heads;
        for (int i = 0; i < Generations; i++)
            heads.Add(first + (i * stride));
        if (permanent > 0)
            heads.Add(first + permanent);
        return heads;
    }

    /// <summary>The youngest generation, the distance to the next, and that to the permanent one.</summary>
    private (Address First, int Stride, int Permanent) First(IMemory memory, Address interpreter)
    {
        if (Collecting(interpreter) is { } collecting)
        {
            return (_version.Major, _version.Minor) switch
            {
                (3, 7) => (collecting - 280, 48, 160),
                (3, <= 13) => (collecting - 176, 24, 80),
                (3, 14) => (collecting - 168, 24, 72),
                _ => (collecting - 104, 24, 72),
            };
        }

        _generation0 ??= process.Module is { } module ? target.Images.For(module).FindSymbol("_PyGC_generation0") ?? Address.Null : Address.Null;
        return _generation0 is { IsNull: false } variable && memory.TryReadPointer(variable, out Address first) ? (first, Stride(memory, first), 0) : default;
    }

    /// <summary>
    /// From one generation to the next, up to 3.6: PyGC_Head is aligned to 16 by a long double; 2.7.16 and later have a double and padding in its place, and
    /// 8 bytes less (Include/objimpl.h). The second head is where a list begins and ends.
    /// </summary>
    private static int Stride(IMemory memory, Address first)
    {
        const int Aligned = 48, Padded = 40;
        return memory.TryReadPointer(first + Padded, out Address next) && memory.TryReadPointer(next + 8, out Address head) && head == first + Padded ? Padded : Aligned;
    }
}
