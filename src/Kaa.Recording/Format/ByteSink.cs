using System.Buffers.Binary;
using System.Text;

namespace Kaa.Recording.Format;

/// <summary>Bytes of a block that is being made.</summary>
public sealed class ByteSink
{
    private const int MostUleb = 10;

    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public bool IsEmpty => Length == 0;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void U8(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void U32(uint value)
    {
        Reserve(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    /// <summary>Unsigned LEB128 (DWARF 5, 7.6).</summary>
    public void Uleb(ulong value)
    {
        Reserve(MostUleb);
        while (value >= 0x80)
        {
            _bytes[Length++] = unchecked((byte)(value | 0x80));
            value >>= 7;
        }

        _bytes[Length++] = (byte)value;
    }

    public void Uleb(long value) => Uleb(checked((ulong)value));

    /// <summary>Signed LEB128 (DWARF 5, 7.6).</summary>
    public void Sleb(long value)
    {
        Reserve(MostUleb);
        while (value is < -64 or > 63)
        {
            _bytes[Length++] = unchecked((byte)(value | 0x80));
            value >>= 7;
        }

        _bytes[Length++] = unchecked((byte)(value & 0x7f));
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>The next bytes, for others to fill in; <see cref="Advance"/> tells how many of them they have.</summary>
    public Span<byte> Room(int count)
    {
        Reserve(count);
        return _bytes.AsSpan(Length, count);
    }

    public void Advance(int count) => Length += count;

    /// <summary>UTF-8, its length in front of it.</summary>
    public void Text(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Uleb(length);
        Reserve(length);
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
    }
}
