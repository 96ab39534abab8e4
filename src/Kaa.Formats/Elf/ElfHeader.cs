using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>Elf64_Ehdr, little-endian, of any machine.</summary>
public readonly record struct ElfHeader
{
    public const int Size = 64;

    /// <summary>PN_XNUM: the real count stands in sh_info of the first section header.</summary>
    internal const int ManyProgramHeaders = 0xffff;

    /// <summary>SHN_XINDEX: the real index stands in sh_link of the first section header.</summary>
    internal const int ManySections = 0xffff;

    public required ElfType Type { get; init; }

    public required ElfMachine Machine { get; init; }

    /// <summary>Link-time address of the entry point.</summary>
    public ulong Entry { get; init; }

    public ulong ProgramHeaderOffset { get; init; }

    public int ProgramHeaderCount { get; init; }

    /// <summary>0 where the section headers were stripped.</summary>
    public ulong SectionHeaderOffset { get; init; }

    public int SectionCount { get; init; }

    public int SectionNameIndex { get; init; }

    /// <exception cref="BadData">Not a 64-bit little-endian ELF file, or entries of another size than this class knows.</exception>
    public static ElfHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (ElfIdentity.Of(bytes).Verdict is not (ElfVerdict.Supported or ElfVerdict.ForeignArchitecture))
            throw new BadData("ELF", 0, "not a 64-bit little-endian ELF file");
        if (bytes.Length < Size)
            throw new BadData("ELF", bytes.Length, "the header is cut");
        var header = new ElfHeader
        {
            Type = (ElfType)UInt16(bytes, 16),
            Machine = (ElfMachine)UInt16(bytes, 18),
            Entry = bytes.PointerAt(24),
            ProgramHeaderOffset = bytes.PointerAt(32),
            SectionHeaderOffset = bytes.PointerAt(40),
            ProgramHeaderCount = UInt16(bytes, 56),
            SectionCount = UInt16(bytes, 60),
            SectionNameIndex = UInt16(bytes, 62),
        };
        CheckSizes(bytes, header);
        return header;
    }

    private static void CheckSizes(ReadOnlySpan<byte> bytes, ElfHeader header)
    {
        if (header.ProgramHeaderCount > 0 && UInt16(bytes, 54) != ElfProgramHeader.Size)
            throw new BadData("ELF", 54, $"program headers must be {ElfProgramHeader.Size} bytes each");
        if (header.SectionHeaderOffset != 0 && UInt16(bytes, 58) != ElfSection.HeaderSize)
            throw new BadData("ELF", 58, $"section headers must be {ElfSection.HeaderSize} bytes each");
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);
}
