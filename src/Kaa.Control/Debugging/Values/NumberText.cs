using System.Globalization;
using System.Text;

namespace Kaa.Control.Debugging.Values;

/// <summary>Numbers and texts as gdb writes them.</summary>
internal static class NumberText
{
    /// <param name="bits">Of that size; what is above is ignored.</param>
    /// <param name="letter">x, z, d, u, o, t or c.</param>
    public static string Of(ulong bits, int size, char letter)
    {
        ulong mask = size >= 8 ? ulong.MaxValue : (1ul << (size * 8)) - 1;
        bits &= mask;
        switch (letter)
        {
            case 'x':
                return "0x" + bits.ToString("x", CultureInfo.InvariantCulture);
            case 'z':
                return "0x" + bits.ToString("x" + (size * 2).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            case 'u':
                return bits.ToString(CultureInfo.InvariantCulture);
            case 'o':
                return bits == 0 ? "0" : "0" + Convert.ToString(unchecked((long)bits), 8);
            case 't':
                return Convert.ToString(unchecked((long)bits), 2);
            case 'c':
                return Character(unchecked((sbyte)(byte)bits), bits);
            default:
                return Signed(bits, size).ToString(CultureInfo.InvariantCulture);
        }
    }

    public static long Signed(ulong bits, int size)
    {
        int shift = 64 - (size * 8);
        return unchecked((long)(bits << shift) >> shift);
    }

    /// <summary><c>97 'a'</c>.</summary>
    private static string Character(sbyte number, ulong bits) =>
        number.ToString(CultureInfo.InvariantCulture) + " '" + Escaped((byte)bits, '\'') + "'";

    /// <summary>Bytes as a C string in quotes; not ASCII as octal escapes, as gdb does in the C locale, but for valid UTF-8, which is shown as it is.</summary>
    public static string Quoted(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("\"");
        while (!bytes.IsEmpty)
        {
            if (bytes[0] >= 0x80 && Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && !Rune.IsControl(rune))
            {
                text.Append(rune.ToString());
                bytes = bytes[length..];
                continue;
            }

            text.Append(Escaped(bytes[0], '"'));
            bytes = bytes[1..];
        }

        return text.Append('"').ToString();
    }

    private static string Escaped(byte c, char quote) => c switch
    {
        (byte)'\n' => "\\n",
        (byte)'\t' => "\\t",
        (byte)'\r' => "\\r",
        (byte)'\a' => "\\a",
        (byte)'\b' => "\\b",
        (byte)'\f' => "\\f",
        (byte)'\v' => "\\v",
        0x1b => "\\033",
        (byte)'\\' => "\\\\",
        >= 0x20 and < 0x7f when c == quote => "\\" + quote,
        >= 0x20 and < 0x7f => ((char)c).ToString(),
        _ => "\\" + Convert.ToString(c, 8).PadLeft(3, '0'),
    };
}
