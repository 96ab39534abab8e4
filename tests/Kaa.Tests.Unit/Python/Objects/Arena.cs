using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Target memory that is written piece by piece, from <see cref="Start"/> on.</summary>
public sealed class Arena : IMemory
{
    public const ulong Start = 0x10_0000;

    private readonly byte[] _bytes = new byte[1 << 20];
    private int _used;

    public int Read(Address address, Span<byte> buffer)
    {
        if (address.Value < Start || address.Value - Start >= (ulong)_used)
            return 0;
        int at = (int)(address.Value - Start);
        int count = Math.Min(buffer.Length, _used - at);
        _bytes.AsSpan(at, count).CopyTo(buffer);
        return count;
    }

    /// <summary>Room for so many zero bytes, on a boundary of 16.</summary>
    public Address Allocate(int size)
    {
        int at = (_used + 15) & ~15;
        _used = at + size;
        return new Address(Start + (ulong)at);
    }

    public Address Add(ReadOnlySpan<byte> bytes)
    {
        Address address = Allocate(bytes.Length);
        bytes.CopyTo(At(address, 0));
        return address;
    }

    public Arena Set(Address address, int offset, Address value) => Set(address, offset, value.Value);

    public Arena Set(Address address, int offset, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(At(address, offset), value);
        return this;
    }

    public Arena Set(Address address, int offset, long value) => Set(address, offset, unchecked((ulong)value));

    public Arena Set32(Address address, int offset, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(At(address, offset), value);
        return this;
    }

    public Arena Set8(Address address, int offset, byte value)
    {
        At(address, offset)[0] = value;
        return this;
    }

    public Arena SetBytes(Address address, int offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(At(address, offset));
        return this;
    }

    private Span<byte> At(Address address, int offset) => _bytes.AsSpan((int)(address.Value - Start) + offset);
}
