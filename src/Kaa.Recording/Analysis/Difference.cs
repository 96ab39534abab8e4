using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>What one line (function, file …) has in two recordings.</summary>
/// <param name="Before">Of the recording that is compared with.</param>
public sealed record DifferenceRow(RecordedFrame Frame, RecordedThread Thread, AllocatorKind Allocator, Sum Before, Sum After)
{
    public double GrownBytes => After.Bytes - Before.Bytes;

    public double GrownCount => After.Count - Before.Count;
}

/// <summary>Compares two recordings by what their rows are called, as nothing else of theirs is the same.</summary>
public static class Difference
{
    /// <summary>What has grown most first; what has shrunk most is the last. Rows that are as they were are left out.</summary>
    public static List<DifferenceRow> By(MemoryView before, MemoryView after, GroupKind kind)
    {
        var rows = new Dictionary<Key, DifferenceRow>();
        foreach (GroupRow row in Grouping.By(after, kind))
        {
            Key key = KeyOf(row);
            rows[key] = rows.TryGetValue(key, out DifferenceRow? known)
                ? known with { After = known.After + row.Own }
                : new DifferenceRow(row.Frame, row.Thread, row.Allocator, default, row.Own);
        }

        foreach (GroupRow row in Grouping.By(before, kind))
        {
            Key key = KeyOf(row);
            rows[key] = rows.TryGetValue(key, out DifferenceRow? known)
                ? known with { Before = known.Before + row.Own }
                : new DifferenceRow(row.Frame, row.Thread, row.Allocator, row.Own, default);
        }

        var changed = new List<DifferenceRow>();
        foreach (DifferenceRow row in rows.Values)
        {
            if (row.GrownBytes != 0 || row.GrownCount != 0)
                changed.Add(row);
        }

        changed.Sort((left, right) =>
        {
            int bytes = right.GrownBytes.CompareTo(left.GrownBytes);
            return bytes != 0 ? bytes : string.CompareOrdinal(left.Frame.File, right.Frame.File);
        });
        return changed;
    }

    /// <summary>Threads by their names: their ids are others each time.</summary>
    private static Key KeyOf(GroupRow row) => new(row.Frame, row.Thread.Name, row.Allocator);

    private readonly record struct Key(RecordedFrame Frame, string? Thread, AllocatorKind Allocator);
}
