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
        var stacks = new StackKeys(view.Analysis.Recording.Tables, kind);
        foreach (MemoryEntry entry in view.Entries)
        {
            Key own = kind switch
            {
                GroupKind.Thread => new Key(default, entry.Site.Thread, default),
                GroupKind.Allocator => new Key(default, 0, entry.Site.Allocator),
                _ => stacks.Own(entry.Site.Stack),
            };
            Row row = Find(rows, own);
            row.Own += entry.Sum;
            if (kind is GroupKind.Thread or GroupKind.Allocator)
                continue;
            foreach (Key through in stacks.Through(entry.Site.Stack))
                Find(rows, through).Through += entry.Sum;
        }

        return Sorted(view, rows, kind is GroupKind.Thread or GroupKind.Allocator);
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

    /// <summary>The keys of each stack, found once.</summary>
    private sealed class StackKeys(RecordingTables tables, GroupKind kind)
    {
        private readonly Dictionary<int, Key[]> _known = [];

        public Key Own(int stack)
        {
            Key[] keys = Find(stack);
            return keys.Length > 0 ? keys[0] : default;
        }

        /// <summary>Each once, however often it is in the stack.</summary>
        public Key[] Through(int stack) => Find(stack);

        private Key[] Find(int stack)
        {
            if (_known.TryGetValue(stack, out Key[]? known))
                return known;
            var keys = new List<Key>();
            var seen = new HashSet<Key>();
            foreach (RecordedFrame frame in tables.Frames(stack))
            {
                if (KeyOf(frame, kind) is { } key && seen.Add(key))
                    keys.Add(key);
            }

            known = [.. keys];
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
