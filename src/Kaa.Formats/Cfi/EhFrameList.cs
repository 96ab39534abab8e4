namespace Kaa.Formats.Cfi;

/// <summary>
/// Unwind rules of a loaded <c>.eh_frame</c> that has no <c>.eh_frame_hdr</c> (linked with --no-eh-frame-hdr, as musl's gcc wrapper does): read
/// through once, and sorted.
/// </summary>
public sealed class EhFrameList : IUnwindRows
{
    private readonly List<FrameEntry> _entries = [];
    private readonly Dictionary<Address, UnwindRow?> _rows = [];

    /// <param name="start">Of the section, in memory.</param>
    public EhFrameList(IMemory memory, Address start, ulong size)
    {
        var reader = new FrameEntryReader(memory, debugFrame: false, bias: 0);
        Address? at = start;
        Address end = start + size;
        while (at is { } place && place < end && _entries.Count < Limits.FrameEntries)
        {
            if (reader.Read(place, out at) is { } entry)
                _entries.Add(entry);
        }

        _entries.Sort((left, right) => left.Start.CompareTo(right.Start));
    }

    public UnwindRow? Find(Address pc)
    {
        if (_rows.TryGetValue(pc, out UnwindRow? known))
            return known;
        UnwindRow? row = FrameEntries.Find(_entries, pc) is { } entry ? CfiProgram.Run(entry, pc) : null;
        _rows[pc] = row;
        return row;
    }

    public void Visit(UnwindRowVisitor visit) => FrameEntries.Visit(_entries, visit);
}

internal static class FrameEntries
{
    public static void Visit(List<FrameEntry> entries, UnwindRowVisitor visit)
    {
        foreach (FrameEntry entry in entries)
            CfiProgram.Visit(entry, visit);
    }

    /// <summary>The entry that covers an address; null where none does.</summary>
    /// <param name="entries">In order of address.</param>
    public static FrameEntry? Find(List<FrameEntry> entries, Address pc)
    {
        int low = 0;
        int high = entries.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            FrameEntry entry = entries[middle];
            if (entry.Contains(pc))
                return entry;
            if (pc < entry.Start)
                high = middle - 1;
            else
                low = middle + 1;
        }

        return null;
    }
}
