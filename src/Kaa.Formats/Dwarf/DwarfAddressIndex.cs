namespace Kaa.Formats.Dwarf;

/// <summary>
/// Which unit an address belongs to: by .debug_aranges where that has it, else by the ranges that the first entry of each other unit tells.
/// Reads no unit as a whole.
/// </summary>
internal sealed class DwarfAddressIndex(DwarfFile file)
{
    private readonly HashSet<ulong> _listedUnits = [];
    private DwarfRangeTable? _listed;
    private DwarfRangeTable? _others;

    /// <summary>The unit whose code lies at an address; null where there is none.</summary>
    /// <exception cref="BadData">The index or a unit's header breaks the format.</exception>
    public DwarfUnit? Find(ulong linkAddress)
    {
        // Not by hopping there from unit to unit: the section may be compressed.
        if (ListedAt(linkAddress) is { } offset)
            return file.Info.BeginningAt(offset);
        _others ??= ReadOthers();
        return _others.Find(linkAddress) is { } other ? file.Info.BeginningAt(other) : null;
    }

    /// <summary>Where in .debug_info the unit begins that .debug_aranges has for an address; null where it has none.</summary>
    public ulong? ListedAt(ulong linkAddress) => (_listed ??= ReadListed()).Find(linkAddress);

    // Many producers write no .debug_aranges; a link of objects by several has it for some units only.
    private DwarfRangeTable ReadListed()
    {
        var table = new DwarfRangeTable();
        try
        {
            var reader = new DwarfSectionReader(file.Aranges, ".debug_aranges");
            while (!reader.AtEnd)
                ReadSet(reader, table);
        }
        catch (BadData)
        {
            // An index is a convenience: without it the units tell their ranges themselves.
            table = new DwarfRangeTable();
            _listedUnits.Clear();
        }

        return table.Sort();
    }

    // unit_length, version 2, debug_info_offset, address_size, segment_selector_size, zeros up to a multiple of two addresses, pairs.
    private void ReadSet(DwarfSectionReader reader, DwarfRangeTable table)
    {
        ulong start = reader.Position;
        ulong length = reader.U32();
        bool is64 = length == 0xffffffff;
        if (is64)
            length = reader.U64();
        ulong end = unchecked(reader.Position + length);
        if (end < reader.Position || end > file.Aranges.Length)
            throw new BadData(".debug_aranges", start, $"a set of {length} bytes");
        ushort version = reader.U16();
        ulong unit = is64 ? reader.U64() : reader.U32();
        int size = reader.U8();
        int selector = reader.U8();
        if (version == 2 && selector == 0 && size is 4 or 8)
        {
            ulong header = reader.Position - start;
            reader.Seek(start + ((header + (ulong)(size * 2) - 1) / (ulong)(size * 2) * (ulong)(size * 2)));
            if (ReadPairs(reader, end, size, unit, table))
                _listedUnits.Add(unit);
        }

        reader.Seek(end);
    }

    private static bool ReadPairs(DwarfSectionReader reader, ulong end, int size, ulong unit, DwarfRangeTable table)
    {
        bool any = false;
        while (reader.Position < end)
        {
            ulong from = reader.Unsigned(size);
            ulong length = reader.Unsigned(size);
            if (from == 0 && length == 0)
                break;
            table.Add(new DwarfRange(from, unchecked(from + length)), unit);
            any = true;
        }

        return any;
    }

    private DwarfRangeTable ReadOthers()
    {
        var table = new DwarfRangeTable();
        var ranges = new List<DwarfRange>();
        var abbreviations = new DwarfAbbreviations();
        for (int i = 0; file.Info.At(i) is { } unit; i++)
        {
            if (_listedUnits.Contains(unit.Offset) || unit.Signature != 0)
                continue;
            try
            {
                ranges.Clear();
                DwarfScope root = DwarfRoot.Read(file, unit, abbreviations);
                new DwarfRanges(file, unit, root).Add(root, ranges);
            }
            catch (BadData)
            {
                // One bad unit does not hide the others.
                continue;
            }

            foreach (DwarfRange range in ranges)
                table.Add(range, unit.Offset);
        }

        return table.Sort();
    }
}
