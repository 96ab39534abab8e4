using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>What is called of liblz4 (lz4frame.h, lz4.h). Linked in or loaded as <see cref="Lzma"/>.</summary>
internal static unsafe partial class Lz4
{
    /// <summary>LZ4F_VERSION.</summary>
    public const uint Version = 100;

    private const string Name = "liblz4.so.1";

    [LibraryImport(Name, EntryPoint = "LZ4F_createDecompressionContext")]
    public static partial nuint Create(nint* context, uint version);

    [LibraryImport(Name, EntryPoint = "LZ4F_freeDecompressionContext")]
    public static partial nuint Free(nint context);

    /// <summary>Sizes are those of the buffers, then what was used of them. Gives 0 at the end of a frame, else a hint or an error.</summary>
    [LibraryImport(Name, EntryPoint = "LZ4F_decompress")]
    public static partial nuint Decompress(nint context, byte* output, nuint* outputSize, byte* input, nuint* inputSize, void* options);

    [LibraryImport(Name, EntryPoint = "LZ4F_isError")]
    public static partial uint IsError(nuint code);

    [LibraryImport(Name, EntryPoint = "LZ4_compressBound")]
    public static partial int CompressBound(int inputSize);

    /// <summary>Gives how many bytes it has made; 0 where there was no room for them.</summary>
    [LibraryImport(Name, EntryPoint = "LZ4_compress_default")]
    public static partial int Compress(byte* input, byte* output, int inputSize, int outputCapacity);

    /// <summary>Gives how many bytes it has made; less than 0 where the input is damaged or they are more than there is room for.</summary>
    [LibraryImport(Name, EntryPoint = "LZ4_decompress_safe")]
    public static partial int DecompressSafe(byte* input, byte* output, int inputSize, int outputCapacity);
}
