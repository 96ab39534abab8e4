namespace Kaa.Formats.Compression;

public enum PackedFormat
{
    None,
    Xz,
    Zstd,
    Lz4,
}

/// <summary>Which compression a file begins with, and its content.</summary>
public static class Unpacking
{
    /// <summary>Bytes that <see cref="FormatOf"/> wants to see.</summary>
    public const int MagicLength = 6;

    /// <summary>By the magic of each format (their specifications); <see cref="PackedFormat.None"/> where it is none of them.</summary>
    public static PackedFormat FormatOf(ReadOnlySpan<byte> start) => start switch
    {
        [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => PackedFormat.Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => PackedFormat.Zstd,
        [0x04, 0x22, 0x4d, 0x18, ..] => PackedFormat.Lz4,
        _ => PackedFormat.None,
    };

    /// <summary>The unpacked bytes; null for <see cref="PackedFormat.None"/>. Reads throw <see cref="BadData"/> where it is damaged.</summary>
    /// <param name="packed">Read from where it stands; closed with the result.</param>
    /// <param name="limit">Bytes that may come out of it.</param>
    public static UnpackingStream? Open(Stream packed, PackedFormat format, long limit) => format switch
    {
        PackedFormat.Xz => new XzStream(packed, limit),
        PackedFormat.Zstd => new ZstdStream(packed, limit),
        PackedFormat.Lz4 => new Lz4Stream(packed, limit),
        _ => null,
    };
}
