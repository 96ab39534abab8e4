using System.Buffers.Text;
using System.Text;

namespace Kaa.Formats.ProcText;

/// <summary>Reads the fields of one <c>/proc</c> text; every surprise is <see cref="BadData"/> with the place.</summary>
internal ref struct ProcReader(string format, ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position >= _text.Length;

    public readonly ReadOnlySpan<byte> Rest => _text[Position..];

    public static string Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    public ulong Hex() => Utf8Parser.TryParse(Rest, out ulong value, out int length, 'x') ? Advance(value, length) : throw Bad("a hexadecimal number");

    public ulong Unsigned() => Utf8Parser.TryParse(Rest, out ulong value, out int length) ? Advance(value, length) : throw Bad("a number");

    public long Signed() => Utf8Parser.TryParse(Rest, out long value, out int length) ? Advance(value, length) : throw Bad("a number");

    public int Int32() => Utf8Parser.TryParse(Rest, out int value, out int length) ? Advance(value, length) : throw Bad("a 32-bit number");

    public byte Byte() => AtEnd ? throw Bad("another character") : _text[Position++];

    public void Expect(byte expected)
    {
        if (AtEnd || _text[Position] != expected)
            throw Bad($"'{(char)expected}'");
        Position++;
    }

    public void Expect(scoped ReadOnlySpan<byte> expected)
    {
        if (!Rest.StartsWith(expected))
            throw Bad($"\"{Decode(expected)}\"");
        Position += expected.Length;
    }

    /// <summary>Skips blanks and tabs, of which there may be none.</summary>
    public void SkipBlanks()
    {
        while (Position < _text.Length && _text[Position] is (byte)' ' or (byte)'\t')
            Position++;
    }

    /// <summary>What is left of this line; moves behind its newline.</summary>
    public ReadOnlySpan<byte> Line()
    {
        ReadOnlySpan<byte> rest = Rest;
        int end = rest.IndexOf((byte)'\n');
        Position += end < 0 ? rest.Length : end + 1;
        return end < 0 ? rest : rest[..end];
    }

    public readonly BadData Bad(string expected) => new(format, Position, $"expected {expected}");

    private T Advance<T>(T value, int length)
    {
        Position += length;
        return value;
    }
}
