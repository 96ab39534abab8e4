namespace Kaa.Formats.Cfi;

/// <summary>
/// Unwind rules of one loaded module, found through the sorted table of its <c>.eh_frame_hdr</c> (PT_GNU_EH_FRAME). Both lie in loaded
/// segments, so the file is not needed.
/// </summary>
public sealed class EhFrame : IUnwindRows
{
    private const int HeaderBytes = 20;

    private readonly IMemory _memory;
    private readonly FrameEntryReader _entries;
    private readonly Address _header;
    private readonly Address _table;
    private readonly int _count;
    private readonly Dictionary<Address, UnwindRow?> _rows = [];

    private EhFrame(IMemory memory, Address header, Address table, int count)
    {
        _memory = memory;
        _header = header;
        _table = table;
        _count = count;
        _entries = new FrameEntryReader(memory, debugFrame: false, bias: 0);
    }

    /// <summary>Null where the header has no table of the form that every linker writes (32-bit pairs relative to the header).</summary>
    public static EhFrame? Open(IMemory memory, Address header)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        if (memory.Read(header, bytes) < HeaderBytes || bytes[0] != 1)
            return null;
        const byte DataRelativeInt32 = 0x3b;
        if (bytes[3] != DataRelativeInt32 || bytes[2] == EncodedPointer.Omit)
            return null;
        var reader = new SpanReader(bytes, ".eh_frame_hdr");
        reader.Seek(4);
        EncodedPointer.Read(ref reader, bytes[1], header, header);
        ulong count = EncodedPointer.ReadValue(ref reader, bytes[2]);
        return count > Limits.FrameEntries ? null : new EhFrame(memory, header, header + reader.Position, (int)count);
    }

    public UnwindRow? Find(Address pc)
    {
        if (_rows.TryGetValue(pc, out UnwindRow? known))
            return known;
        FrameEntry? entry = FindEntry(pc);
        UnwindRow? row = entry is not null && entry.Contains(pc) ? CfiProgram.Run(entry, pc) : null;
        _rows[pc] = row;
        return row;
    }

    public void Visit(UnwindRowVisitor visit)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_entries.Read(_header + _memory.Read<int>(_table + (8L * i) + 4), out _) is { } entry)
                CfiProgram.Visit(entry, visit);
        }
    }

    private FrameEntry? FindEntry(Address pc)
    {
        int low = 0;
        int high = _count - 1;
        int found = -1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_header + _memory.Read<int>(_table + (8L * middle)) <= pc)
            {
                found = middle;
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return found < 0 ? null : _entries.Read(_header + _memory.Read<int>(_table + (8L * found) + 4), out _);
    }
}

/// <summary>Unwind rules by program counter.</summary>
public interface IUnwindRows
{
    /// <summary>Null where nothing is known of that address. Throws <see cref="BadData"/> where the rules are malformed.</summary>
    UnwindRow? Find(Address pc);

    /// <summary>All rows there are, in order of address. Throws <see cref="BadData"/> where they are malformed, after those in front of that.</summary>
    void Visit(UnwindRowVisitor visit);
}

/// <param name="from">Where the row begins to hold: up to the next one, or the end of its range.</param>
/// <param name="row">Not to be kept: it is changed into the next one.</param>
public delegate void UnwindRowVisitor(Address from, UnwindRow row);
