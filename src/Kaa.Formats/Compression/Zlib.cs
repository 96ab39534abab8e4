using System.Runtime.InteropServices;

namespace Kaa.Formats.Compression;

/// <summary>
/// What is called of zlib (zlib.h) beyond what the class library offers: the copy of a decompressor. The published program has the zlib of the
/// class library linked in anyway; elsewhere the shared library of that name is loaded.
/// </summary>
internal static unsafe partial class Zlib
{
    public const int Ok = 0;
    public const int StreamEnd = 1;
    public const int MemoryError = -4;
    public const int BufferError = -5;

    /// <summary>Z_SYNC_FLUSH: as much as there is room for.</summary>
    public const int SyncFlush = 2;

    /// <summary>The largest window; a header of zlib and a checksum are there.</summary>
    public const int WindowBits = 15;

    private const string Name = "libz.so.1";

    /// <summary>z_stream; must begin as zeros, and stay where it is: the decompressor knows its address.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct State
    {
        public byte* NextIn;
        public uint AvailableIn;
        public nuint TotalIn;
        public byte* NextOut;
        public uint AvailableOut;
        public nuint TotalOut;
        public nint Message;
        public nint Internal;
        public nint Allocate;
        public nint Free;
        public nint Opaque;
        public int DataType;
        public nuint Checksum;
        public nuint Reserved;
    }

    /// <param name="version">Of the interface, text that begins with its major number and ends with a 0.</param>
    /// <param name="size">Of <see cref="State"/>.</param>
    [LibraryImport(Name, EntryPoint = "inflateInit2_")]
    public static partial int Begin(State* state, int windowBits, byte* version, int size);

    [LibraryImport(Name, EntryPoint = "inflate")]
    public static partial int Inflate(State* state, int flush);

    [LibraryImport(Name, EntryPoint = "inflateCopy")]
    public static partial int Copy(State* to, State* from);

    [LibraryImport(Name, EntryPoint = "inflateEnd")]
    public static partial int End(State* state);
}
