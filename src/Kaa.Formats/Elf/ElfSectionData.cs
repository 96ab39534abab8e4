using System.Buffers.Binary;
using System.IO.Compression;

namespace Kaa.Formats.Elf;

/// <summary>The content of a section: as it is in the file, or inflated.</summary>
internal static class ElfSectionData
{
    /// <summary>Elf64_Chdr: ch_type, reserved (4 bytes each), ch_size, ch_addralign.</summary>
    private const int CompressionHeaderSize = 24;

    private const uint Zlib = 1;

    /// <summary>Deflate packs at most 1,032 bytes into one (zlib's technical details page): a larger claim is a lie.</summary>
    private const ulong MaxRatio = 1_032;

    public static byte[] Read(ElfSource source, ElfSection section)
    {
        if (!section.HasContent)
            throw new BadData("ELF", 0, $"{section.Name} has no content");
        if (section.Size > Limits.ElfSection)
            throw new BadData("ELF", (long)section.Offset, $"{section.Name} is larger than {Limits.ElfSection} bytes");
        byte[] stored = source.ReadBytes(section.Offset, section.Size);
        if (section.IsCompressed)
            return InflateStandard(stored, section);
        return IsPacked(section) ? InflateOld(stored, section) : stored;
    }

    public static bool IsPacked(ElfSection section) =>
        section.IsCompressed || section.Name.StartsWith(".zdebug", StringComparison.Ordinal);

    private static byte[] InflateStandard(byte[] stored, ElfSection section)
    {
        if (stored.Length < CompressionHeaderSize)
            throw Bad(section, "its compression header is cut");
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(stored);
        if (type != Zlib)
            throw Bad(section, $"compression type {type} is not known here (2 is zstd)");
        return Inflate(stored, CompressionHeaderSize, stored.AsSpan().PointerAt(8), section);
    }

    /// <summary>What binutils made before gABI had compression: "ZLIB", the size in big-endian, the data.</summary>
    private static byte[] InflateOld(byte[] stored, ElfSection section)
    {
        if (stored.Length < 12 || !stored.AsSpan().StartsWith("ZLIB"u8))
            throw Bad(section, "it must begin with ZLIB and a size");
        return Inflate(stored, 12, BinaryPrimitives.ReadUInt64BigEndian(stored.AsSpan(4)), section);
    }

    private static byte[] Inflate(byte[] stored, int start, ulong size, ElfSection section)
    {
        if (size > Limits.ElfSection || size > (ulong)(stored.Length - start) * MaxRatio)
            throw Bad(section, $"it can't inflate to {size} bytes");
        byte[] result = GC.AllocateUninitializedArray<byte>((int)size);
        try
        {
            using var inflater = new ZLibStream(new MemoryStream(stored, start, stored.Length - start), CompressionMode.Decompress);
            return inflater.ReadAtLeast(result, result.Length, throwOnEndOfStream: false) == result.Length
                ? result
                : throw Bad(section, $"it inflates to fewer than {size} bytes");
        }
        catch (InvalidDataException)
        {
            throw Bad(section, "its compressed data is broken");
        }
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", unchecked((long)section.Offset), $"{section.Name}: {rule}");
}
