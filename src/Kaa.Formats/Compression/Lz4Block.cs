namespace Kaa.Formats.Compression;

/// <summary>Blocks of LZ4 without a frame (doc/lz4_Block_format.md of that project): whoever keeps one keeps its length, packed and unpacked, elsewhere.</summary>
public static unsafe class Lz4Block
{
    /// <summary>Most bytes that so many may become, where nothing repeats.</summary>
    public static int MostPacked(int length) => Lz4.CompressBound(length);

    /// <param name="packed">With room for <see cref="MostPacked"/>.</param>
    /// <returns>How many bytes were made.</returns>
    public static int Pack(ReadOnlySpan<byte> bytes, Span<byte> packed)
    {
        fixed (byte* from = bytes, to = packed)
            return Lz4.Compress(from, to, bytes.Length, packed.Length);
    }

    /// <summary>False where the bytes are not the packed form of exactly as many as there is room for.</summary>
    public static bool TryUnpack(ReadOnlySpan<byte> packed, Span<byte> bytes)
    {
        fixed (byte* from = packed, to = bytes)
            return Lz4.DecompressSafe(from, to, packed.Length, bytes.Length) == bytes.Length;
    }
}
