using System.Buffers.Binary;
using System.Text;

namespace Kaa.Formats.Elf;

/// <summary>Reads the section header table of a file.</summary>
internal static class ElfSections
{
    /// <exception cref="BadData">The table does not lie in the file, or has more than <see cref="Limits.ElfSections"/>.</exception>
    public static ElfSection[] Read(ElfSource source, ElfHeader header)
    {
        if (header.SectionHeaderOffset == 0)
            return [];
        byte[] first = source.ReadBytes(header.SectionHeaderOffset, ElfSection.HeaderSize);

        // Where the counts did not fit in 16 bits they stand in the first, otherwise empty, section header.
        ulong count = header.SectionCount != 0 ? (ulong)header.SectionCount : first.AsSpan().PointerAt(32);
        if (count > Limits.ElfSections)
            throw new BadData("ELF", header.SectionHeaderOffset, $"more than {Limits.ElfSections} sections");
        uint names = header.SectionNameIndex == ElfHeader.ManySections ? UInt32(first, 40) : (uint)header.SectionNameIndex;
        byte[] table = source.ReadBytes(header.SectionHeaderOffset, count * ElfSection.HeaderSize);
        return Parse(table, Names(source, table, names));
    }

    private static byte[] Names(ElfSource source, byte[] table, uint index)
    {
        if (index >= (uint)(table.Length / ElfSection.HeaderSize))
            return [];
        ReadOnlySpan<byte> entry = table.AsSpan((int)index * ElfSection.HeaderSize);
        bool hasContent = (ElfSectionType)UInt32(entry, 4) == ElfSectionType.StringTable;
        return hasContent ? source.ReadBytes(entry.PointerAt(24), entry.PointerAt(32)) : [];
    }

    private static ElfSection[] Parse(ReadOnlySpan<byte> table, byte[] names)
    {
        var sections = new ElfSection[table.Length / ElfSection.HeaderSize];
        for (int i = 0; i < sections.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * ElfSection.HeaderSize, ElfSection.HeaderSize);
            sections[i] = new ElfSection(
                Name(names, UInt32(entry, 0)),
                (ElfSectionType)UInt32(entry, 4),
                (ElfSectionFlags)entry.PointerAt(8),
                entry.PointerAt(16),
                entry.PointerAt(24),
                entry.PointerAt(32),
                UInt32(entry, 40));
        }

        return sections;
    }

    // An unnamed section is one that nobody asks for: no error.
    private static string Name(byte[] names, uint offset)
    {
        if (offset >= (uint)names.Length)
            return "";
        ReadOnlySpan<byte> rest = names.AsSpan((int)offset);
        rest = rest[..Math.Min(rest.Length, Limits.SectionName)];
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
