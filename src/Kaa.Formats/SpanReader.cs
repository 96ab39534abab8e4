using System.Buffers.Binary;

namespace Kaa.Formats;

/// <summary>A cursor over bytes that we did not make: each read is bounds-checked and throws <see cref="BadData"/> past the end.</summary>
public ref struct SpanReader(ReadOnlySpan<byte> bytes, string format)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _format = format;

    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public readonly bool AtEnd => Position >= _bytes.Length;

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Unsigned LEB128 (DWARF 5, 7.6); bits beyond the 64th are dropped.</summary>
    public ulong Uleb()
    {
        Leb128 number = default;
        while (number.Take(U8()))
        {
        }

        return number.Unsigned;
    }

    /// <summary>Signed LEB128 (DWARF 5, 7.6).</summary>
    public long Sleb()
    {
        Leb128 number = default;
        while (number.Take(U8()))
        {
        }

        return number.Signed;
    }

    public ReadOnlySpan<byte> CString()
    {
        int length = _bytes[Position..].IndexOf((byte)0);
        if (length < 0)
            throw new BadData(_format, Position, "a string has no end");
        ReadOnlySpan<byte> text = Take(length);
        Position++;
        return text;
    }

    public ReadOnlySpan<byte> Take(ulong count) =>
        count > (ulong)Remaining ? throw new BadData(_format, Position, $"{count} bytes are wanted, {Remaining} are left") : Take((int)count);

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Remaining)
            throw new BadData(_format, Position, $"{count} bytes are wanted, {Remaining} are left");
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    public void Skip(int count)
    {
        if (count < 0 || count > Remaining)
            throw new BadData(_format, Position, $"{count} bytes are wanted, {Remaining} are left");
        Position += count;
    }

    public void Seek(int position)
    {
        if (position < 0 || position > _bytes.Length)
            throw new BadData(_format, position, $"outside of {_bytes.Length} bytes");
        Position = position;
    }
}
