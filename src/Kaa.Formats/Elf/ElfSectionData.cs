using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>The content of a section: as it is in the file, or inflated.</summary>
internal static class ElfSectionData
{
    /// <summary>Elf64_Chdr: ch_type, reserved (4 bytes each), ch_size, ch_addralign.</summary>
    private const int CompressionHeaderSize = 24;

    /// <summary>What binutils made before the gABI had compression: "ZLIB", the size in big-endian, the data.</summary>
    private const int OldHeaderSize = 12;

    // ch_type.
    private const uint Zlib = 1;
    private const uint Zstd = 2;

    public static bool IsPacked(ElfSection section) => section.IsCompressed || section.Name.StartsWith(".zdebug", StringComparison.Ordinal);

    /// <summary>A section as it is in the file.</summary>
    /// <exception cref="BadData">It does not lie there.</exception>
    public static ElfRange Open(ElfSource source, ElfSection section) => section.HasContent
        ? new ElfRange(source, section.Offset, section.Size, section.Name)
        : throw Bad(section, "it has no content");

    /// <summary>What inflates it, as far as it is wanted.</summary>
    /// <exception cref="BadData">It is compressed in an unknown way.</exception>
    public static ElfPackedSource Unpack(ElfRange stored, ElfSection section) =>
        section.IsCompressed ? OpenStandard(stored, section) : OpenOld(stored, section);

    public static ElfRange Whole(ElfPackedSource content, ElfSection section) => new(content, 0, (ulong)content.Length, section.Name);

    private static ElfPackedSource OpenStandard(ElfRange stored, ElfSection section)
    {
        byte[] header = stored.ReadBytes(0, CompressionHeaderSize);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (type is not (Zlib or Zstd))
            throw Bad(section, $"compression type {type} is not known");
        return new ElfPackedSource(stored, CompressionHeaderSize, BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)), section, type == Zstd);
    }

    private static ElfPackedSource OpenOld(ElfRange stored, ElfSection section)
    {
        byte[] header = stored.ReadBytes(0, OldHeaderSize);
        if (!header.AsSpan().StartsWith("ZLIB"u8))
            throw Bad(section, "it must begin with ZLIB and a size");
        return new ElfPackedSource(stored, OldHeaderSize, BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4)), section, isZstd: false);
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", section.Offset, $"{section.Name}: {rule}");
}
