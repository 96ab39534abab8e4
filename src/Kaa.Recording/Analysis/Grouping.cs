using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>What allocations are added up by.</summary>
public enum GroupKind
{
    /// <summary>The line of Python that allocated: the innermost frame of Python code.</summary>
    Line,
    Function,
    File,

    /// <summary>The library whose code allocated: the innermost C frame's; where none was recorded, the file of the innermost Python frame.</summary>
    Module,
    Thread,
    Allocator,
}

/// <summary>One row of a table.</summary>
/// <param name="Frame">Parts that the kind does not tell are null or 0.</param>
/// <param name="Thread">For <see cref="GroupKind.Thread"/>.</param>
/// <param name="Own">What it allocated itself.</param>
/// <param name="Through">What was allocated by it or by what it called; for threads and allocators the same as <paramref name="Own"/>.</param>
public sealed record GroupRow(RecordedFrame Frame, RecordedThread Thread, AllocatorKind Allocator, Sum Own, Sum Through);

/// <summary>Adds up the entries of a view.</summary>
public static class Grouping
{
    /// <summary>Largest first.</summary>
    public static List<GroupRow> By(MemoryView view, GroupKind kind)
    {
        var rows = new Dictionary<Key, Row>();
        if (kind is GroupKind.Thread or GroupKind.Allocator)
        {
            foreach (MemoryEntry entry in view.Entries)
                Find(rows, kind == GroupKind.Thread ? new Key(default, entry.Site.Thread, default) : new Key(default, 0, entry.Site.Allocator)).Own += entry.Sum;
            return Sorted(view, rows, isFlat: true);
        }

        var stacks = new StackRows(view.Analysis.Recording.Tables, kind, rows);
        foreach (MemoryEntry entry in view.Entries)
        {
            Row[] found = stacks.Find(entry.Site.Stack);
            found[0].Own += entry.Sum;
            foreach (Row through in found.AsSpan(1))
                through.Through += entry.Sum;
        }

        return Sorted(view, rows, isFlat: false);
    }

    private static List<GroupRow> Sorted(MemoryView view, Dictionary<Key, Row> rows, bool isFlat)
    {
        var sorted = new List<GroupRow>(rows.Count);
        foreach ((Key key, Row row) in rows)
        {
            RecordedThread thread = view.Analysis.Recording.Tables.Thread(key.Thread);
            sorted.Add(new GroupRow(key.Frame, thread, key.Allocator, row.Own, isFlat ? row.Own : row.Through));
        }

        sorted.Sort((left, right) =>
        {
            int own = right.Own.Bytes.CompareTo(left.Own.Bytes);
            return own != 0 ? own : right.Through.Bytes.CompareTo(left.Through.Bytes);
        });
        return sorted;
    }

    private static Row Find(Dictionary<Key, Row> rows, in Key key)
    {
        if (!rows.TryGetValue(key, out Row? row))
            rows.Add(key, row = new Row());
        return row;
    }

    private readonly record struct Key(RecordedFrame Frame, int Thread, AllocatorKind Allocator);

    private sealed class Row
    {
        public Sum Own { get; set; }

        public Sum Through { get; set; }
    }

    /// <summary>The rows of each stack, found once: many sites have the same one, of other threads.</summary>
    private sealed class StackRows(RecordingTables tables, GroupKind kind, Dictionary<Key, Row> rows)
    {
        private readonly Dictionary<int, Row[]> _known = [];

        /// <summary>First the row of what allocated, that of nothing where the stack does not tell; then those that it went through, each once however often it is in the stack.</summary>
        public Row[] Find(int stack)
        {
            if (_known.TryGetValue(stack, out Row[]? known))
                return known;
            var keys = new List<Key>();
            var seen = new HashSet<Key>();
            foreach (RecordedFrame frame in tables.Frames(stack))
            {
                if (KeyOf(frame, kind) is { } key && seen.Add(key))
                    keys.Add(key);
            }

            known = new Row[keys.Count + 1];
            known[0] = Grouping.Find(rows, keys.Count > 0 ? keys[0] : default);
            for (int i = 0; i < keys.Count; i++)
                known[i + 1] = Grouping.Find(rows, keys[i]);
            _known.Add(stack, known);
            return known;
        }
    }

    private static Key? KeyOf(in RecordedFrame frame, GroupKind kind)
    {
        bool isPython = frame.Kind == RecordedFrameKind.Python;
        return kind switch
        {
            GroupKind.Line when isPython => new Key(frame, 0, default),
            GroupKind.Function when isPython => new Key(frame with { Line = 0 }, 0, default),
            GroupKind.File when isPython => new Key(new RecordedFrame(frame.Kind, null, frame.File, 0, null), 0, default),
            GroupKind.Module => new Key(new RecordedFrame(frame.Kind, null, null, 0, isPython ? frame.File : frame.Module), 0, default),
            _ => null,
        };
    }
}
