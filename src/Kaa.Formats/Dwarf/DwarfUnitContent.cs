using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>The bytes of one unit with the abbreviations that they need. May be refilled with the next unit.</summary>
internal sealed class DwarfUnitContent
{
    private readonly DwarfAbbreviations _abbreviations = new();
    private byte[] _buffer = [];

    public DwarfUnit Unit { get; private set; }

    public DwarfFile File { get; private set; } = null!;

    /// <summary>The section that the unit is in.</summary>
    public ElfRange Section { get; private set; } = ElfRange.Empty;

    /// <summary>From the unit's start, header included, as references inside the unit count.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Unit.Size);

    /// <summary>Where the unit's part of .debug_str_offsets begins; 0 where it does not say.</summary>
    public ulong StringOffsetsBase { get; private set; }

    /// <exception cref="BadData">Unit or abbreviations break the format.</exception>
    public void Load(DwarfFile file, DwarfUnitIndex index, DwarfUnit unit)
    {
        // The first one may be the only one.
        if (_buffer.Length < unit.Size)
            _buffer = GC.AllocateUninitializedArray<byte>(_buffer.Length == 0 ? unit.Size : Math.Max(unit.Size, 64 << 10));
        bool sameTable = ReferenceEquals(File, file) && _abbreviations.Offset == unit.AbbreviationOffset && _abbreviations.Encoding == unit.Encoding;
        File = file;
        Section = index.Section;
        Unit = unit;
        index.Section.ReadExactly(unit.Offset, _buffer.AsSpan(0, unit.Size));
        if (!sameTable)
            file.LoadAbbreviations(_abbreviations, unit);
        StringOffsetsBase = 0;
        StringOffsetsBase = TryReadEntry(unit.FirstEntry, out DwarfEntry root) ? root.StringOffsetsBase : 0;
    }

    /// <summary>Reads the entry at a place; false for the null entry that ends a list of siblings, or at the unit's end.</summary>
    public bool TryReadEntry(int position, out DwarfEntry entry)
    {
        entry = default;
        SpanReader reader = ReaderAt(position);
        ulong code = reader.AtEnd ? 0 : reader.Uleb();
        entry.End = reader.Position;
        if (code == 0)
            return false;
        Read(ref reader, _abbreviations[code], ref entry);
        return true;
    }

    public SpanReader ReaderAt(int position)
    {
        var reader = new SpanReader(Bytes, ".debug_info");
        reader.Seek(position);
        return reader;
    }

    public DwarfAbbreviation Abbreviation(ulong code) => _abbreviations[code];

    public void Read(ref SpanReader reader, DwarfAbbreviation abbreviation, ref DwarfEntry entry)
    {
        entry.Tag = abbreviation.Tag;
        entry.HasChildren = abbreviation.HasChildren;
        foreach (DwarfAttributeForm attribute in _abbreviations.AttributesOf(abbreviation))
            entry.Set(attribute.Name, DwarfValue.Read(ref reader, FormOf(ref reader, attribute.Form), attribute.ImplicitConstant, Unit.Encoding));
        entry.End = reader.Position;
    }

    /// <summary>The entry at a place, as far as it matters for code; none (without a tag) at the end of a list.</summary>
    public DwarfScope ReadScope(int position)
    {
        var entry = default(DwarfScope);
        SpanReader reader = ReaderAt(position);
        ulong code = reader.AtEnd ? 0 : reader.Uleb();
        if (code != 0)
            Read(ref reader, _abbreviations[code], ref entry);
        return entry;
    }

    /// <summary>The same for what code is made of.</summary>
    public void Read(ref SpanReader reader, DwarfAbbreviation abbreviation, ref DwarfScope entry)
    {
        entry.Tag = abbreviation.Tag;
        entry.HasChildren = abbreviation.HasChildren;
        foreach (DwarfAttributeForm attribute in _abbreviations.AttributesOf(abbreviation))
            entry.Set(attribute.Name, DwarfValue.Read(ref reader, FormOf(ref reader, attribute.Form), attribute.ImplicitConstant, Unit.Encoding));
    }

    /// <summary>Moves behind an entry's attributes; gives the place of its next sibling where the entry tells it, else 0.</summary>
    public int Skip(ref SpanReader reader, DwarfAbbreviation abbreviation)
    {
        if (abbreviation.FixedSize >= 0 && !abbreviation.HasChildren)
        {
            reader.Skip(abbreviation.FixedSize);
            return 0;
        }

        int sibling = 0;
        foreach (DwarfAttributeForm attribute in _abbreviations.AttributesOf(abbreviation))
        {
            DwarfForm form = FormOf(ref reader, attribute.Form);
            if (attribute.Name == DwarfAttribute.Sibling)
                sibling = SiblingPlace(DwarfValue.Read(ref reader, form, attribute.ImplicitConstant, Unit.Encoding), reader.Position);
            else
                DwarfValue.Skip(ref reader, form, Unit.Encoding);
        }

        return sibling;
    }

    /// <summary>Moves from behind an entry's attributes behind its children, of which there must be a list.</summary>
    public void SkipChildren(ref SpanReader reader, int sibling)
    {
        if (sibling > 0)
        {
            reader.Seek(sibling);
            return;
        }

        for (int depth = 1; depth > 0 && !reader.AtEnd;)
        {
            ulong code = reader.Uleb();
            if (code == 0)
            {
                depth--;
                continue;
            }

            DwarfAbbreviation abbreviation = _abbreviations[code];
            int next = Skip(ref reader, abbreviation);
            if (next > 0)
                reader.Seek(next);
            else if (abbreviation.HasChildren)
                depth++;
        }
    }

    /// <summary>A sibling lies ahead, in the same unit: anything else is no sibling, as one behind would be a circle.</summary>
    public int SiblingPlace(DwarfValue value, int position) =>
        value.Kind == DwarfValueKind.UnitReference && value.Number >= (ulong)position && value.Number <= (ulong)Unit.Size ? (int)value.Number : 0;

    internal static DwarfForm FormOf(ref SpanReader reader, DwarfForm form)
    {
        if (form != DwarfForm.Indirect)
            return form;
        ulong real = reader.Uleb();
        return real is 0 or (ulong)DwarfForm.Indirect or (ulong)DwarfForm.ImplicitConst or > ushort.MaxValue
            ? throw new BadData(".debug_info", reader.Position, $"form {real:x} in place of an indirect one")
            : (DwarfForm)real;
    }
}
