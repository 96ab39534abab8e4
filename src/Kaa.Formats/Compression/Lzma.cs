using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>
/// What is called of liblzma (lzma/base.h, lzma/container.h). The published program has it linked in; elsewhere the shared library of
/// that name is loaded.
/// </summary>
internal static unsafe partial class Lzma
{
    public const int Ok = 0;
    public const int StreamEnd = 1;
    public const int MemoryError = 5;
    public const int MemoryLimit = 6;
    public const int BufferError = 10;

    public const int Run = 0;
    public const int Finish = 3;

    /// <summary>LZMA_CONCATENATED: several streams one after the other count as one, as <c>xz</c> has it.</summary>
    public const uint Concatenated = 8;

    private const string Name = "liblzma.so.5";

    /// <summary>lzma_stream; must begin as zeros.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct State
    {
        public byte* NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public byte* NextOut;
        public nuint AvailableOut;
        public ulong TotalOut;
        public void* Allocator;
        public void* Internal;
        public fixed ulong Reserved[9];
    }

    [LibraryImport(Name, EntryPoint = "lzma_stream_decoder")]
    public static partial int StreamDecoder(State* state, ulong memoryLimit, uint flags);

    [LibraryImport(Name, EntryPoint = "lzma_code")]
    public static partial int Code(State* state, int action);

    [LibraryImport(Name, EntryPoint = "lzma_end")]
    public static partial void End(State* state);
}
