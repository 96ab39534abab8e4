using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>What is called of libzstd (zstd.h, stable part). Linked in or loaded as <see cref="Lzma"/>.</summary>
internal static unsafe partial class Zstd
{
    /// <summary>ZSTD_d_windowLogMax.</summary>
    public const int WindowLogMax = 100;

    private const string Name = "libzstd.so.1";

    /// <summary>ZSTD_inBuffer, and ZSTD_outBuffer too.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Bytes;
        public nuint Size;
        public nuint Position;
    }

    [LibraryImport(Name, EntryPoint = "ZSTD_createDStream")]
    public static partial nint Create();

    [LibraryImport(Name, EntryPoint = "ZSTD_freeDStream")]
    public static partial nuint Free(nint stream);

    [LibraryImport(Name, EntryPoint = "ZSTD_DCtx_setParameter")]
    public static partial nuint SetParameter(nint stream, int parameter, int value);

    /// <summary>Gives 0 at the end of a frame, else a hint or an error.</summary>
    [LibraryImport(Name, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint Decompress(nint stream, Buffer* output, Buffer* input);

    [LibraryImport(Name, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint code);
}
