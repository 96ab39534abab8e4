using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Target;

namespace Kaa.Python.Tasks;

/// <summary>
/// The variable <c>all_tasks</c> of 3.6's _asyncio (Modules/_asynciomodule.c): static, so that a stripped module has no name for it. It is the only one there that
/// points at a <c>weakref.WeakSet</c>.
/// </summary>
internal static class StaticTasks
{
    /// <summary>Of the module's writable data; 3.6.15 has 6 KiB.</summary>
    private const ulong MostData = 256 << 10;

    /// <summary>Null where it was not found: the module has not been used yet.</summary>
    public static Address? Find(ModuleImage image, PyObjects objects)
    {
        if (image.FindSymbol("all_tasks") is { } symbol)
            return symbol;
        foreach ((Address start, ulong size) in image.WritableRanges)
        {
            for (ulong at = 0; at + 8 <= Math.Min(size, MostData); at += 8)
            {
                if (objects.Memory.TryReadPointer(start + at, out Address value) && IsWeakSet(objects, value))
                    return start + at;
            }
        }

        return null;
    }

    private static bool IsWeakSet(PyObjects objects, Address value)
    {
        try
        {
            return value.Value > 4096 && (value.Value & 7) == 0 && objects.TypeOf(value) is { Name: "WeakSet", IsHeapType: true } type
                && objects.TypeModuleAndName(type).Module == "_weakrefset";
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return false;
        }
    }
}
