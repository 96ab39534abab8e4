using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>What is called of liblz4 (lz4frame.h). Linked in or loaded as <see cref="Lzma"/>.</summary>
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
}
