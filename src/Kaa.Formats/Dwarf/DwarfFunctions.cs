namespace Kaa.Formats.Dwarf;

/// <summary>The functions of one unit by address: where each has its entry.</summary>
internal sealed class DwarfFunctions
{
    private readonly DwarfRanges _places;
    private readonly List<DwarfRange> _ranges = [];
    private DwarfRangeTable? _outer;
    private DwarfRangeTable? _nested;

    public DwarfFunctions(DwarfUnitContent unit)
    {
        Root = unit.ReadScope(unit.Unit.FirstEntry);
        _places = new DwarfRanges(unit.File, unit.Unit, Root);
        IsC = IsLanguageC(Root.Language);
    }

    public DwarfScope Root { get; }

    /// <summary>The unit is of C or assembly.</summary>
    public bool IsC { get; }

    /// <summary>Turns the addresses of this unit's entries into numbers.</summary>
    public DwarfRanges Places => _places;

    /// <param name="unit">The same unit; not kept, as it may be large.</param>
    /// <summary>The function at an address: start of the range that it is in, and place of its entry in the unit; null where there is none.</summary>
    /// <exception cref="BadData">The unit breaks the format.</exception>
    public (ulong Start, int Entry)? Find(DwarfUnitContent unit, ulong linkAddress)
    {
        _outer ??= Collect(unit, everywhere: false);
        if (_outer.FindWithStart(linkAddress) is { } found)
            return (found.Start, (int)found.Value);

        // GCC's nested functions of C and Fortran, functions of local classes: they stand inside of others.
        _nested ??= Collect(unit, everywhere: true);
        return _nested.FindWithStart(linkAddress) is { } inner ? (inner.Start, (int)inner.Value) : null;
    }

    // DW_LANG_C89, C, C99, C11, Mips_Assembler, C17.
    private static bool IsLanguageC(ulong language) => language is 0x01 or 0x02 or 0x0c or 0x1d or 0x8001 or 0x2c;

    private DwarfRangeTable Collect(DwarfUnitContent unit, bool everywhere)
    {
        var table = new DwarfRangeTable();
        SpanReader reader = unit.ReaderAt(unit.Unit.FirstEntry);
        int depth = 0;
        while (!reader.AtEnd)
        {
            int place = reader.Position;
            ulong code = reader.Uleb();
            if (code == 0)
            {
                if (--depth <= 0)
                    break;
                continue;
            }

            DwarfAbbreviation abbreviation = unit.Abbreviation(code);
            int sibling = abbreviation.Tag == DwarfTag.Subprogram
                ? Function(unit, ref reader, abbreviation, place, table)
                : unit.Skip(ref reader, abbreviation);
            if (!abbreviation.HasChildren)
            {
                if (depth == 0)
                    break;
            }
            else if (depth == 0 || everywhere || MayHoldFunctions(abbreviation.Tag))
            {
                depth++;
            }
            else
            {
                unit.SkipChildren(ref reader, sibling);
            }
        }

        return table.Sort();
    }

    private bool MayHoldFunctions(DwarfTag tag) => tag switch
    {
        DwarfTag.Namespace or DwarfTag.Module => true,
        DwarfTag.StructureType or DwarfTag.ClassType or DwarfTag.UnionType or DwarfTag.EnumerationType => !IsC,
        _ => false,
    };

    /// <summary>Gives the place of the next sibling, as <see cref="DwarfUnitContent.Skip"/> does.</summary>
    private int Function(DwarfUnitContent unit, ref SpanReader reader, DwarfAbbreviation abbreviation, int place, DwarfRangeTable table)
    {
        var entry = default(DwarfScope);
        unit.Read(ref reader, abbreviation, ref entry);
        if (entry.HasPc)
        {
            _ranges.Clear();
            _places.Add(entry, _ranges);
            foreach (DwarfRange range in _ranges)
                table.Add(range, (ulong)place);
        }

        return unit.SiblingPlace(entry.Sibling, reader.Position);
    }
}
