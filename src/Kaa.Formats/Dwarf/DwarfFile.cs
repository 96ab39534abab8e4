using System.Buffers.Binary;
using System.Text;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>The debug sections of one file. Units are read when they are wanted; a few stay loaded.</summary>
internal sealed class DwarfFile
{
    private readonly ElfFile _file;
    private readonly ElfRange _abbreviations;
    private readonly ElfRange _stringOffsets;
    private readonly DwarfLoadedUnits _loaded = new();
    private Dictionary<ulong, (bool InTypes, int Index)>? _signatures;
    private DwarfSectionReader? _abbreviationReader;
    private ulong _abbreviationBytes;

    /// <param name="alt">The supplementary file that it refers to; null where there is none, or it can't be had.</param>
    /// <exception cref="BadData">A section is broken.</exception>
    public DwarfFile(ElfFile file, DwarfFile? alt)
    {
        Alt = alt;
        _file = file;
        Info = new DwarfUnitIndex(Section(file, "debug_info"), false);
        Types = new DwarfUnitIndex(Section(file, "debug_types"), true);
        _abbreviations = Section(file, "debug_abbrev");
        Strings = new ElfStrings(Section(file, "debug_str"));
        LineStrings = new ElfStrings(Section(file, "debug_line_str"));
        _stringOffsets = Section(file, "debug_str_offsets");
    }

    public DwarfFile? Alt { get; }

    public DwarfUnitIndex Info { get; }

    public DwarfUnitIndex Types { get; }

    public ElfStrings Strings { get; }

    public ElfStrings LineStrings { get; }

    /// <summary>The sections below are opened when they are first asked for: inflating them takes time.</summary>
    public ElfRange Lines => field ??= Section(_file, "debug_line");

    public ElfRange Aranges => field ??= Section(_file, "debug_aranges");

    public ElfRange Ranges => field ??= Section(_file, "debug_ranges");

    public ElfRange RangeLists => field ??= Section(_file, "debug_rnglists");

    public ElfRange Addresses => field ??= Section(_file, "debug_addr");

    public void LoadAbbreviations(DwarfAbbreviations table, DwarfUnit unit) => Load(table, unit, null);

    /// <summary>The entry that a reference leads to, with its unit; null where it leads nowhere that we have.</summary>
    public (DwarfUnitContent Unit, int Position)? Follow(DwarfUnitContent from, DwarfValue reference)
    {
        switch (reference.Kind)
        {
            case DwarfValueKind.UnitReference:
                return reference.Number < (ulong)from.Unit.Size ? (from, (int)reference.Number) : null;
            case DwarfValueKind.InfoReference:
                return Find(reference.Number);
            case DwarfValueKind.AltReference:
                return Alt?.Find(reference.Number);
            case DwarfValueKind.SignatureReference:
                return FindSignature(reference.Number);
            default:
                return null;
        }
    }

    /// <summary>The text of a name; null where it is none, or in a file that we do not have.</summary>
    public string? Text(DwarfUnitContent unit, DwarfValue name) => name.Kind switch
    {
        DwarfValueKind.InlineString => Encoding.UTF8.GetString(InlineText(unit, name)),
        DwarfValueKind.StringOffset => Strings.At(name.Number),
        DwarfValueKind.LineStringOffset => LineStrings.At(name.Number),
        DwarfValueKind.AltStringOffset => Alt?.Strings.At(name.Number),
        DwarfValueKind.StringIndex => Strings.At(IndexedString(unit, name.Number)),
        _ => null,
    };

    /// <summary>The same for a line number program, whose strings lie in sections of this file.</summary>
    public string? SectionText(DwarfValue name) => name.Kind switch
    {
        DwarfValueKind.StringOffset => Strings.At(name.Number),
        DwarfValueKind.LineStringOffset => LineStrings.At(name.Number),
        DwarfValueKind.AltStringOffset => Alt?.Strings.At(name.Number),
        _ => null,
    };

    public static ReadOnlySpan<byte> InlineText(DwarfUnitContent unit, DwarfValue name)
    {
        SpanReader reader = unit.ReaderAt((int)name.Number);
        return reader.CString();
    }

    /// <summary>The offset in .debug_str of a string that is named by its index.</summary>
    public ulong IndexedString(DwarfUnitContent unit, ulong index)
    {
        int size = unit.Unit.Encoding.OffsetSize;
        if (index > _stringOffsets.Length / (ulong)size)
            throw new BadData(".debug_str_offsets", index, "an index beyond the end");
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();

        // A unit that does not say where its part begins has the first one, behind the section's header.
        ulong start = unit.StringOffsetsBase != 0 || unit.Unit.Encoding.Version < 5 ? unit.StringOffsetsBase : (ulong)size * 2;
        _stringOffsets.ReadExactly(unchecked(start + (index * (ulong)size)), bytes[..size]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public DwarfUnitContent Load(DwarfUnit unit, bool inTypes)
    {
        if (_loaded.Find(inTypes, unit.Offset) is { } known)
            return known;
        var content = new DwarfUnitContent();
        content.Load(this, inTypes ? Types : Info, unit);
        _loaded.Add(inTypes, content);
        return content;
    }

    /// <summary>The part of a table of abbreviations that its first entry needs.</summary>
    public void LoadAbbreviations(DwarfAbbreviations table, DwarfUnit unit, ulong upTo) => Load(table, unit, upTo);

    private static ElfRange Section(ElfFile file, string name)
    {
        ElfSection? section = file.FindSection("." + name) ?? file.FindSection(".z" + name);
        return section is { HasContent: true } ? file.Range(section) : ElfRange.Empty;
    }

    private void Load(DwarfAbbreviations table, DwarfUnit unit, ulong? upTo)
    {
        _abbreviationReader ??= new DwarfSectionReader(_abbreviations, ".debug_abbrev");
        _abbreviationBytes += table.Load(_abbreviationReader, unit.AbbreviationOffset, unit.Encoding, upTo);
        if (_abbreviationBytes > (_abbreviations.Length * Limits.DwarfAbbreviationPasses) + (1 << 20))
            throw new BadData(".debug_abbrev", unit.AbbreviationOffset, $"units read it {Limits.DwarfAbbreviationPasses} times over");
    }

    private (DwarfUnitContent Unit, int Position)? Find(ulong offset) =>
        Info.Containing(offset) is { } unit ? (Load(unit, false), (int)(offset - unit.Offset)) : null;

    private (DwarfUnitContent Unit, int Position)? FindSignature(ulong signature)
    {
        _signatures ??= ReadSignatures();
        if (!_signatures.TryGetValue(signature, out (bool InTypes, int Index) place))
            return null;
        DwarfUnit unit = (place.InTypes ? Types : Info).At(place.Index)!.Value;
        return unit.TypeOffset < (ulong)unit.Size ? (Load(unit, place.InTypes), (int)unit.TypeOffset) : null;
    }

    private Dictionary<ulong, (bool InTypes, int Index)> ReadSignatures()
    {
        var signatures = new Dictionary<ulong, (bool InTypes, int Index)>();
        for (int i = 0; Info.At(i) is { } unit; i++)
        {
            if (unit.Signature != 0)
                signatures.TryAdd(unit.Signature, (false, i));
        }

        for (int i = 0; Types.At(i) is { } unit; i++)
            signatures.TryAdd(unit.Signature, (true, i));
        return signatures;
    }
}
