using System.Buffers.Binary;
using System.IO.Compression;

namespace Kaa.Formats.Elf;

/// <summary>The content of a section: as it is in the file, or inflated.</summary>
internal static class ElfSectionData
{
    /// <summary>Elf64_Chdr: ch_type, reserved (4 bytes each), ch_size, ch_addralign.</summary>
    private const int CompressionHeaderSize = 24;

    /// <summary>What binutils made before the gABI had compression: "ZLIB", the size in big-endian, the data.</summary>
    private const int OldHeaderSize = 12;

    private const uint Zlib = 1;

    /// <summary>Deflate packs at most 1,032 bytes into one (zlib's technical details page): a larger claim is a lie.</summary>
    private const ulong MaxRatio = 1_032;

    /// <summary>The section, inflated at once where it is compressed, else read when it is wanted.</summary>
    public static ElfRange Open(ElfSource source, ElfSection section)
    {
        if (!section.HasContent)
            throw Bad(section, "it has no content");
        var stored = new ElfRange(source, section.Offset, section.Size, section.Name);
        if (!section.IsCompressed && !section.Name.StartsWith(".zdebug", StringComparison.Ordinal))
            return stored;
        byte[] content = section.IsCompressed ? InflateStandard(stored, section) : InflateOld(stored, section);
        return new ElfRange(new ElfMemorySource(content), 0, (ulong)content.Length, section.Name);
    }

    private static byte[] InflateStandard(ElfRange stored, ElfSection section)
    {
        byte[] header = stored.ReadBytes(0, CompressionHeaderSize);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (type != Zlib)
            throw Bad(section, $"compression type {type} is not known here (2 is zstd)");
        return Inflate(stored, CompressionHeaderSize, BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)), section);
    }

    private static byte[] InflateOld(ElfRange stored, ElfSection section)
    {
        byte[] header = stored.ReadBytes(0, OldHeaderSize);
        if (!header.AsSpan().StartsWith("ZLIB"u8))
            throw Bad(section, "it must begin with ZLIB and a size");
        return Inflate(stored, OldHeaderSize, BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4)), section);
    }

    private static byte[] Inflate(ElfRange stored, int start, ulong size, ElfSection section)
    {
        if (size > Limits.ElfSection || size > (stored.Length - (ulong)start) * MaxRatio)
            throw Bad(section, $"it can't inflate to {size} bytes");
        byte[] result = GC.AllocateUninitializedArray<byte>((int)size);
        try
        {
            using var inflater = new ZLibStream(new ElfRangeStream(stored, (ulong)start), CompressionMode.Decompress);
            return inflater.ReadAtLeast(result, result.Length, throwOnEndOfStream: false) == result.Length
                ? result
                : throw Bad(section, $"it inflates to fewer than {size} bytes");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Bad(section, "its compressed data is broken");
        }
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", section.Offset, $"{section.Name}: {rule}");
}
