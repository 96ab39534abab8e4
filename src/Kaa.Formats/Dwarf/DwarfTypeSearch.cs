namespace Kaa.Formats.Dwarf;

/// <summary>Where an entry is: enough to load its unit again.</summary>
internal readonly record struct DwarfPlace(DwarfFile File, DwarfUnit Unit, bool InTypes, int Position)
{
    // What is at the same place is the same; comparing the unit's header too would only take time.
    public bool Equals(DwarfPlace other) =>
        Position == other.Position && Unit.Offset == other.Unit.Offset && InTypes == other.InTypes && ReferenceEquals(File, other.File);

    public override int GetHashCode() => HashCode.Combine(Unit.Offset, Position, InTypes);

    public static DwarfPlace Of(DwarfUnitContent unit, int position) =>
        new(unit.File, unit.Unit, ReferenceEquals(unit.Section, unit.File.Types.Section) && unit.Section.Length > 0, position);
}

/// <summary>Looks through the outermost entries of all units for complete structs of certain names.</summary>
internal sealed class DwarfTypeSearch(IReadOnlyList<string> names)
{
    private readonly DwarfUnitContent _unit = new();
    private int _missing = names.Count;

    /// <summary>In the order of the names; null for what was not found.</summary>
    public DwarfPlace?[] Found { get; } = new DwarfPlace?[names.Count];

    public void Scan(DwarfFile file)
    {
        var wanted = new DwarfWantedNames(file, names);
        Scan(file, file.Info, wanted);
        Scan(file, file.Types, wanted);
    }

    private void Scan(DwarfFile file, DwarfUnitIndex index, DwarfWantedNames wanted)
    {
        for (int i = 0; _missing > 0 && index.At(i) is { } unit; i++)
        {
            _unit.Load(file, index, unit);
            ScanUnit(wanted);
        }
    }

    private void ScanUnit(DwarfWantedNames wanted)
    {
        if (!_unit.TryReadEntry(_unit.Unit.FirstEntry, out DwarfEntry root) || !root.HasChildren)
            return;
        SpanReader reader = _unit.ReaderAt(root.End);
        while (_missing > 0 && !reader.AtEnd)
        {
            int position = reader.Position;
            ulong code = reader.Uleb();
            if (code == 0)
                break;
            DwarfAbbreviation abbreviation = _unit.Abbreviation(code);
            bool named = abbreviation.Tag is DwarfTag.StructureType or DwarfTag.Typedef or DwarfTag.UnionType or DwarfTag.ClassType;
            int sibling = named ? Examine(ref reader, abbreviation, position, wanted) : _unit.Skip(ref reader, abbreviation);
            if (abbreviation.HasChildren)
                _unit.SkipChildren(ref reader, sibling);
        }
    }

    private int Examine(ref SpanReader reader, DwarfAbbreviation abbreviation, int position, DwarfWantedNames wanted)
    {
        var entry = default(DwarfEntry);
        _unit.Read(ref reader, abbreviation, ref entry);
        int index = wanted.IndexOf(_unit, entry.Name);
        if (index >= 0 && Found[index] is null && Definition(_unit, position, entry) is { } place)
        {
            Found[index] = place;
            _missing--;
        }

        return _unit.SiblingPlace(entry.Sibling, reader.Position);
    }

    /// <summary>Where the struct that an entry is, or that a typedef leads to, is defined in full; null where it is not here.</summary>
    private static DwarfPlace? Definition(DwarfUnitContent unit, int position, DwarfEntry entry)
    {
        for (int depth = 0; depth < Limits.DwarfTypeDepth; depth++)
        {
            if (entry.IsComplete)
                return DwarfPlace.Of(unit, position);

            // A declaration may say in which type unit the definition is (-fdebug-types-section).
            DwarfValue next = entry.IsStruct ? entry.Signature : entry.Type;
            bool follows = entry.IsStruct || entry.Tag is DwarfTag.Typedef or DwarfTag.ConstType or DwarfTag.VolatileType;
            if (!follows || unit.File.Follow(unit, next) is not { } target)
                return null;
            (unit, position) = target;
            if (!unit.TryReadEntry(position, out entry))
                return null;
        }

        return null;
    }
}
