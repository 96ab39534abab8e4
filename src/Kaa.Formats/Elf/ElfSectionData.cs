using System.Buffers.Binary;
using System.IO.Compression;
using Kaa.Formats.Compression;

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

    /// <summary>What is allocated before anything was unpacked.</summary>
    private const int FirstPiece = 4 << 20;

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
        if (type is not (Zlib or Zstd))
            throw Bad(section, $"compression type {type} is not known");
        return Inflate(stored, CompressionHeaderSize, BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)), section, type);
    }

    private static byte[] InflateOld(ElfRange stored, ElfSection section)
    {
        byte[] header = stored.ReadBytes(0, OldHeaderSize);
        if (!header.AsSpan().StartsWith("ZLIB"u8))
            throw Bad(section, "it must begin with ZLIB and a size");
        return Inflate(stored, OldHeaderSize, BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4)), section, Zlib);
    }

    private static byte[] Inflate(ElfRange stored, int start, ulong size, ElfSection section, uint type)
    {
        if (size > Limits.ElfSection)
            throw Bad(section, $"it can't inflate to {size} bytes");
        var packed = new ElfRangeStream(stored, (ulong)start);
        try
        {
            using Stream inflater = type == Zstd ? new ZstdStream(packed, (long)size) : new ZLibStream(packed, CompressionMode.Decompress);
            return Fill(inflater, (int)size) ?? throw Bad(section, $"it inflates to fewer than {size} bytes");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Bad(section, "its compressed data is broken");
        }
    }

    // The size is a claim: room is made as bytes really come.
    private static byte[]? Fill(Stream inflater, int size)
    {
        byte[] result = GC.AllocateUninitializedArray<byte>(Math.Min(size, FirstPiece));
        int filled = 0;
        while (true)
        {
            filled += inflater.ReadAtLeast(result.AsSpan(filled), result.Length - filled, throwOnEndOfStream: false);
            if (filled < result.Length)
                return null;
            if (filled == size)
                return result;
            Array.Resize(ref result, (int)Math.Min(size, (long)filled * 2));
        }
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", section.Offset, $"{section.Name}: {rule}");
}
