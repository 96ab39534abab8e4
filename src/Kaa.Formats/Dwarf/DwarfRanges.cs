using System.Buffers.Binary;

namespace Kaa.Formats.Dwarf;

/// <summary>Code from <paramref name="Start"/> up to and without <paramref name="End"/>, at link-time addresses.</summary>
internal readonly record struct DwarfRange(ulong Start, ulong End)
{
    public bool Contains(ulong address) => address >= Start && address < End;
}

/// <summary>What turns the addresses and ranges of one unit's entries into numbers: the bases that its first entry tells.</summary>
internal sealed class DwarfRanges(DwarfFile file, DwarfUnit unit, DwarfScope root)
{
    private DwarfSectionReader? _reader;

    private int AddressSize => unit.Encoding.AddressSize;

    private ulong? Base => Address(root.LowPc);

    /// <summary>Null where it is no address.</summary>
    /// <exception cref="BadData">An index beyond the end of the section.</exception>
    public ulong? Address(DwarfValue value) => value.Kind switch
    {
        DwarfValueKind.Address => value.Number,
        DwarfValueKind.AddressIndex => Indexed(value.Number),
        _ => null,
    };

    /// <summary>Adds the ranges of an entry: of its list, or from low_pc to high_pc; none where the linker left its code out.</summary>
    /// <exception cref="BadData">The list breaks the format.</exception>
    public void Add(in DwarfScope entry, List<DwarfRange> ranges)
    {
        if (entry.Ranges.Exists)
        {
            if (unit.Encoding.Version >= 5)
                AddList(entry.Ranges, ranges);
            else
                AddOldList(entry.Ranges, ranges);
            return;
        }

        if (Address(entry.LowPc) is not { } start || !entry.HighPc.Exists)
            return;
        ulong end = entry.HighPc.Kind == DwarfValueKind.Constant ? unchecked(start + entry.HighPc.Number) : Address(entry.HighPc) ?? start;
        Add(start, end, ranges);
    }

    private static void Add(ulong start, ulong end, List<DwarfRange> ranges)
    {
        if (start == 0 || end <= start)
            return;
        if (ranges.Count >= Limits.DwarfRanges)
            throw new BadData("DWARF", start, $"more than {Limits.DwarfRanges} ranges");
        ranges.Add(new DwarfRange(start, end));
    }

    private ulong Indexed(ulong index)
    {
        // Without a base: behind the section's first header.
        ulong start = root.AddrBase ?? (unit.Encoding.Version >= 5 ? (ulong)(unit.Encoding.OffsetSize * 2) : 0);
        if (index > file.Addresses.Length || AddressSize > 8)
            throw new BadData(".debug_addr", index, "an index beyond the end");
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        file.Addresses.ReadExactly(unchecked(start + (index * (ulong)AddressSize)), bytes[..AddressSize]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    // .debug_ranges: pairs of offsets from the base; (largest address, x) makes x the base; (0, 0) ends.
    private void AddOldList(DwarfValue value, List<DwarfRange> ranges)
    {
        if (value.Kind != DwarfValueKind.Constant)
            return;
        _reader ??= new DwarfSectionReader(file.Ranges, ".debug_ranges");
        _reader.Seek(unchecked(value.Number + root.RangesBase));
        ulong largest = AddressSize == 8 ? ulong.MaxValue : uint.MaxValue;
        ulong from = Base ?? 0;
        while (true)
        {
            ulong start = _reader.Unsigned(AddressSize);
            ulong end = _reader.Unsigned(AddressSize);
            if (start == 0 && end == 0)
                return;
            if (start == largest)
                from = end;
            else
                Add(unchecked(from + start), unchecked(from + end), ranges);
        }
    }

    private void AddList(DwarfValue value, List<DwarfRange> ranges)
    {
        _reader ??= new DwarfSectionReader(file.RangeLists, ".debug_rnglists");
        if (value.Kind is not (DwarfValueKind.Constant or DwarfValueKind.RangeListIndex))
            return;
        _reader.Seek(value.Kind == DwarfValueKind.Constant ? value.Number : ListOffset(_reader, value.Number));
        ulong from = Base ?? 0;
        while (true)
        {
            var kind = (DwarfRangeEntry)_reader.U8();
            switch (kind)
            {
                case DwarfRangeEntry.EndOfList:
                    return;
                case DwarfRangeEntry.BaseAddressx:
                    from = Indexed(_reader.Uleb());
                    break;
                case DwarfRangeEntry.BaseAddress:
                    from = _reader.Unsigned(AddressSize);
                    break;
                default:
                    AddEntry(_reader, kind, from, ranges);
                    break;
            }
        }
    }

    private void AddEntry(DwarfSectionReader reader, DwarfRangeEntry kind, ulong from, List<DwarfRange> ranges)
    {
        ulong first = kind is DwarfRangeEntry.StartEnd or DwarfRangeEntry.StartLength ? reader.Unsigned(AddressSize) : reader.Uleb();
        ulong second = kind == DwarfRangeEntry.StartEnd ? reader.Unsigned(AddressSize) : reader.Uleb();
        (ulong start, ulong end) = kind switch
        {
            DwarfRangeEntry.StartxEndx => (Indexed(first), Indexed(second)),
            DwarfRangeEntry.StartxLength => Sized(Indexed(first), second),
            DwarfRangeEntry.OffsetPair => (unchecked(from + first), unchecked(from + second)),
            DwarfRangeEntry.StartEnd => (first, second),
            DwarfRangeEntry.StartLength => Sized(first, second),
            _ => throw new BadData(".debug_rnglists", reader.Position, $"an entry of kind {(int)kind}"),
        };
        Add(start, end, ranges);
    }

    private static (ulong Start, ulong End) Sized(ulong start, ulong length) => (start, unchecked(start + length));

    private ulong ListOffset(DwarfSectionReader reader, ulong index)
    {
        int size = unit.Encoding.OffsetSize;

        // Without a base: behind the section's first header, which has 12 bytes (20 in the 64-bit format).
        ulong start = root.RangeListsBase ?? (unit.Encoding.Is64 ? 20ul : 12ul);
        if (index > file.RangeLists.Length)
            throw new BadData(".debug_rnglists", index, "an index beyond the end");
        reader.Seek(unchecked(start + (index * (ulong)size)));
        return unchecked(start + reader.Unsigned(size));
    }
}
