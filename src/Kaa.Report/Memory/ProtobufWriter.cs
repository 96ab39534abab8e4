using System.Text;

namespace Kaa.Report.Memory;

/// <summary>
/// The two wire types that pprof's messages need (protobuf.dev/programming-guides/encoding). Google's library would add half a megabyte to the
/// binary for it.
/// </summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int LengthType = 2;
    private const int MostVarint = 10;

    private byte[] _bytes = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>Left out where it is 0, as proto3 does.</summary>
    public void Number(int field, long value)
    {
        if (value == 0)
            return;
        Varint((ulong)(field << 3 | VarintType));
        Varint(unchecked((ulong)value));
    }

    public void Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public void Message(int field, ProtobufWriter message) => Bytes(field, message.Written);

    /// <summary>A packed repeated field.</summary>
    public void Numbers(int field, ReadOnlySpan<long> values)
    {
        var packed = new ProtobufWriter();
        foreach (long value in values)
            packed.Varint(unchecked((ulong)value));
        Message(field, packed);
    }

    private void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)(field << 3 | LengthType));
        Varint((ulong)bytes.Length);
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Varint(ulong value)
    {
        Reserve(MostVarint);
        for (; value >= 0x80; value >>= 7)
            _bytes[_length++] = unchecked((byte)(value | 0x80));
        _bytes[_length++] = (byte)value;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
    }
}
