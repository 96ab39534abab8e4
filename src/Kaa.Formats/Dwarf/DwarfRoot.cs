namespace Kaa.Formats.Dwarf;

/// <summary>The first entry of a unit, without the rest of it.</summary>
internal static class DwarfRoot
{
    /// <summary>What is read of a unit for it: real ones have under 200 bytes with inline strings.</summary>
    private const int Most = 16 << 10;
    private const int FirstPiece = 256;

    /// <param name="abbreviations">Reused for the next unit.</param>
    /// <exception cref="BadData">The unit or its abbreviations break the format.</exception>
    public static DwarfScope Read(DwarfFile file, DwarfUnit unit, DwarfAbbreviations abbreviations)
    {
        try
        {
            return Read(file, unit, abbreviations, FirstPiece);
        }
        catch (BadData) when (unit.Size > FirstPiece)
        {
            return Read(file, unit, abbreviations, Most);
        }
    }

    private static DwarfScope Read(DwarfFile file, DwarfUnit unit, DwarfAbbreviations abbreviations, int most)
    {
        byte[] bytes = file.Info.Section.ReadBytes(unit.Offset, (ulong)Math.Min(unit.Size, most));
        var reader = new SpanReader(bytes, ".debug_info");
        reader.Seek(Math.Min(unit.FirstEntry, bytes.Length));
        ulong code = reader.Uleb();
        if (code == 0)
            return default;
        file.LoadAbbreviations(abbreviations, unit, code);
        DwarfAbbreviation abbreviation = abbreviations[code];
        var root = new DwarfScope { Tag = abbreviation.Tag, HasChildren = abbreviation.HasChildren };
        foreach (DwarfAttributeForm attribute in abbreviations.AttributesOf(abbreviation))
        {
            DwarfForm form = DwarfUnitContent.FormOf(ref reader, attribute.Form);
            root.Set(attribute.Name, DwarfValue.Read(ref reader, form, attribute.ImplicitConstant, unit.Encoding));
        }

        return root;
    }
}
