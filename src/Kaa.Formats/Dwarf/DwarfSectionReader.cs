using System.Buffers.Binary;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>A cursor over a section that is read in small pieces, for lists that are short and far apart.</summary>
internal sealed class DwarfSectionReader(ElfRange section, string name)
{
    private const int Piece = 8_192;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(Piece);
    private ulong _start;
    private int _length;
    private int _at;

    public ulong Position => _start + (ulong)_at;

    public bool AtEnd => Position >= section.Length;

    public void Seek(ulong position)
    {
        if (position >= _start && position - _start <= (ulong)_length)
        {
            _at = (int)(position - _start);
            return;
        }

        _start = position;
        _length = 0;
        _at = 0;
    }

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <exception cref="BadData">No number has that size.</exception>
    public ulong Unsigned(int size) => size switch
    {
        8 => U64(),
        4 => U32(),
        2 => U16(),
        1 => U8(),
        _ => throw new BadData(name, Position, $"numbers of {size} bytes"),
    };

    /// <summary>Unsigned LEB128 (DWARF 5, 7.6); bits beyond the 64th are dropped.</summary>
    public ulong Uleb()
    {
        if (_at < _length && _buffer[_at] < 0x80)
            return _buffer[_at++];
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

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_length - _at < count)
            Fill(count);
        _at += count;
        return _buffer.AsSpan(_at - count, count);
    }

    private void Fill(int count)
    {
        ulong position = Position;
        ulong left = position < section.Length ? section.Length - position : 0;
        if (left < (ulong)count)
            throw new BadData(name, position, "a list has no end");
        int length = (int)Math.Min(Piece, left);
        section.ReadExactly(position, _buffer.AsSpan(0, length));
        (_start, _length, _at) = (position, length, 0);
    }
}
