using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kaa.Formats;

/// <summary>Typed reads. <c>Read…</c> throws <see cref="TargetFault"/> where not all bytes are there, <c>TryRead…</c> says so.</summary>
public static class MemoryExtensions
{
    public static bool TryReadExactly(this IMemory memory, Address address, Span<byte> buffer) =>
        memory.Read(address, buffer) == buffer.Length;

    public static void ReadExactly(this IMemory memory, Address address, Span<byte> buffer)
    {
        if (memory.Read(address, buffer) != buffer.Length)
            throw TargetFault.Unmapped(address, buffer.Length);
    }

    /// <summary>Reads a little-endian value of an unmanaged type.</summary>
    public static T Read<T>(this IMemory memory, Address address)
        where T : unmanaged
    {
        Unsafe.SkipInit(out T value);
        memory.ReadExactly(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
        return value;
    }

    public static bool TryRead<T>(this IMemory memory, Address address, out T value)
        where T : unmanaged
    {
        value = default;
        return memory.TryReadExactly(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    public static Address ReadPointer(this IMemory memory, Address address) => new(memory.Read<ulong>(address));

    public static bool TryReadPointer(this IMemory memory, Address address, out Address value)
    {
        bool read = memory.TryRead(address, out ulong number);
        value = new Address(number);
        return read;
    }

    /// <summary>The bytes of a NUL-terminated string, at most <paramref name="limit"/> of them, without the NUL.</summary>
    public static byte[] ReadCStringBytes(this IMemory memory, Address address, int limit)
    {
        byte[] result = [];
        Span<byte> chunk = stackalloc byte[256];
        while (result.Length < limit)
        {
            // Up to the end of the page, so that a string in front of a hole is read whole.
            int wanted = (int)Math.Min(256 - (address.Value & 255), (ulong)(limit - result.Length));
            int got = memory.Read(address, chunk[..wanted]);
            if (got == 0)
                throw TargetFault.Unmapped(address, 1);
            int end = chunk[..got].IndexOf((byte)0);
            result = [.. result, .. chunk[..(end < 0 ? got : end)]];
            if (end >= 0)
                return result;
            address += got;
        }

        return result;
    }

    public static string ReadCString(this IMemory memory, Address address, int limit) =>
        System.Text.Encoding.UTF8.GetString(memory.ReadCStringBytes(address, limit));

    public static ulong PointerAt(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    public static long Int64At(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);

    public static Address AddressAt(this ReadOnlySpan<byte> bytes, int offset) => new(bytes.PointerAt(offset));

    public static int Int32At(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes[offset..]);
}
