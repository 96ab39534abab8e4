using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Control.Agent;

/// <summary>Where nothing is mapped.</summary>
internal static class Holes
{
    private const ulong Lowest = 0x10000; // vm.mmap_min_addr, by default
    private const ulong End = 0x7fff_ffff_f000; // TASK_SIZE
    private const ulong Alignment = 0x10000;
    private const ulong Margin = 1 << 20;

    // What grows by itself: the heap upwards (brk), the stack of the first thread downwards.
    private const ulong HeapRoom = 1ul << 30;
    private const ulong StackRoom = 1ul << 30;

    /// <summary>The hole nearest to a place, all of it within a distance; null where there is none.</summary>
    public static Address? Find(IReadOnlyList<Mapping> mappings, ulong size, Address near, ulong reach)
    {
        Address? best = null;
        ulong bestDistance = ulong.MaxValue;
        ulong from = Lowest;
        for (int i = 0; i <= mappings.Count; i++)
        {
            ulong to = i < mappings.Count ? mappings[i].Start.Value : End;
            if (i < mappings.Count && mappings[i].Path == "[stack]")
                to -= Math.Min(to, StackRoom);
            foreach (ulong start in Candidates(from, Math.Min(to, End), size))
            {
                ulong distance = Math.Max(Distance(start, near.Value), Distance(start + size, near.Value));
                if (distance < reach && distance < bestDistance)
                    (best, bestDistance) = (new Address(start), distance);
            }

            if (i < mappings.Count)
                from = mappings[i].End.Value + (mappings[i].Path == "[heap]" ? HeapRoom : 0);
        }

        return best;
    }

    /// <summary>Both ends of a gap, some way off its borders: what the loader maps next is put at them.</summary>
    private static ReadOnlySpan<ulong> Candidates(ulong from, ulong to, ulong size)
    {
        if (to <= from || to - from < size)
            return [];
        ulong margin = to - from > size + 4 * Margin ? Margin : 0;
        ulong low = (from + margin + Alignment - 1) & ~(Alignment - 1);
        if (low + size + margin > to)
            return [];
        ulong high = (to - margin - size) & ~(Alignment - 1);
        return high > low ? new[] { low, high } : new[] { low };
    }

    private static ulong Distance(ulong a, ulong b) => a > b ? a - b : b - a;
}
