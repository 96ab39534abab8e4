using System.Text;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>How one unit of debug information was made: by which compiler, with which options, and how much it tells.</summary>
/// <param name="Name">Of the source file; null where nothing tells.</param>
/// <param name="Producer">The compiler, and (gcc) the options that it was called with; null where nothing tells.</param>
/// <param name="Version">Of DWARF.</param>
/// <param name="HasLocals">It describes arguments and local variables, which <c>-g1</c> leaves out.</param>
/// <param name="HasTypes">It describes structures.</param>
public sealed record DwarfUnitFacts(string? Name, string? Producer, int Version, bool HasLocals, bool HasTypes)
{
    /// <summary>Bytes of a unit that its first entry may take; the producer's options can stand in it.</summary>
    private const int MostRoot = 16 << 10;

    /// <summary>The unit that has the code at an address; null where none has.</summary>
    /// <param name="alt">The supplementary file; null where there is none, or it can't be had.</param>
    /// <exception cref="BadData">What leads to the answer breaks the format.</exception>
    public static DwarfUnitFacts? At(ElfFile file, ElfFile? alt, ulong linkAddress)
    {
        var dwarf = new DwarfFile(file, alt is null ? null : new DwarfFile(alt, null));
        if (new DwarfAddressIndex(dwarf).Find(linkAddress) is not { } unit)
            return null;
        var abbreviations = new DwarfAbbreviations();
        dwarf.LoadAbbreviations(abbreviations, unit);
        (string? name, string? producer) = ReadRoot(dwarf, unit, abbreviations);
        return new DwarfUnitFacts(
            name, producer, unit.Encoding.Version, abbreviations.Uses(DwarfTag.FormalParameter) || abbreviations.Uses(DwarfTag.Variable),
            abbreviations.Uses(DwarfTag.StructureType) || abbreviations.Uses(DwarfTag.Typedef));
    }

    private static (string? Name, string? Producer) ReadRoot(DwarfFile file, DwarfUnit unit, DwarfAbbreviations abbreviations)
    {
        byte[] bytes = file.Info.Section.ReadBytes(unit.Offset, (ulong)Math.Min(unit.Size, MostRoot));
        var reader = new SpanReader(bytes, ".debug_info");
        reader.Seek(Math.Min(unit.FirstEntry, bytes.Length));
        (string? name, string? producer) = (null, null);
        ulong code = reader.Uleb();
        if (code == 0)
            return (name, producer);
        foreach (DwarfAttributeForm attribute in abbreviations.AttributesOf(abbreviations[code]))
        {
            DwarfForm form = DwarfUnitContent.FormOf(ref reader, attribute.Form);
            DwarfValue value = DwarfValue.Read(ref reader, form, attribute.ImplicitConstant, unit.Encoding);
            if (attribute.Name == DwarfAttribute.Name)
                name = Text(file, bytes, value);
            else if (attribute.Name == DwarfAttribute.Producer)
                producer = Text(file, bytes, value);
        }

        return (name, producer);
    }

    private static string? Text(DwarfFile file, byte[] bytes, DwarfValue value)
    {
        if (value.Kind != DwarfValueKind.InlineString)
            return file.SectionText(value);
        var reader = new SpanReader(bytes, ".debug_info");
        reader.Seek((int)value.Number);
        return Encoding.UTF8.GetString(reader.CString());
    }
}
