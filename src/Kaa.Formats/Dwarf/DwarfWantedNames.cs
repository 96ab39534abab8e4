namespace Kaa.Formats.Dwarf;

/// <summary>
/// The names that are sought, as they occur in one file: a name that is an offset in .debug_str is compared by that offset, without
/// reading the text.
/// </summary>
internal sealed class DwarfWantedNames
{
    private readonly Dictionary<string, int> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Dictionary<ulong, int> _byOffset;
    private readonly int _longest;

    public DwarfWantedNames(DwarfFile file, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            _byText.Add(names[i], i);
            _longest = Math.Max(_longest, names[i].Length);
        }

        _bySpan = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        _byOffset = file.Strings.OffsetsOf(names);
    }

    /// <summary>Which of the names an entry has; −1 where none.</summary>
    public int IndexOf(DwarfUnitContent unit, DwarfValue name)
    {
        switch (name.Kind)
        {
            case DwarfValueKind.StringOffset:
                return _byOffset.GetValueOrDefault(name.Number, -1);
            case DwarfValueKind.StringIndex:
                return _byOffset.GetValueOrDefault(unit.File.IndexedString(unit, name.Number), -1);
            case DwarfValueKind.InlineString:
                return IndexOf(DwarfFile.InlineText(unit, name));
            case DwarfValueKind.LineStringOffset or DwarfValueKind.AltStringOffset:
                return unit.File.Text(unit, name) is { } text ? _byText.GetValueOrDefault(text, -1) : -1;
            default:
                return -1;
        }
    }

    // C names are ASCII: one char a byte.
    private int IndexOf(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text.Length > _longest)
            return -1;
        Span<char> chars = text.Length <= 256 ? stackalloc char[text.Length] : new char[text.Length];
        System.Text.Encoding.Latin1.GetChars(text, chars);
        return _bySpan.TryGetValue(chars, out int index) ? index : -1;
    }
}
