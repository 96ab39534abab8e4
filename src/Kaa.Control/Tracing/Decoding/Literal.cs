using System.Globalization;
using System.Text;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>Texts and bytes of the target as Python would write them.</summary>
public static class Literal
{
    /// <summary><c>'/tmp/x'</c>; bytes that are no UTF-8 as <c>\xff</c>.</summary>
    /// <param name="isCut">There is more of it.</param>
    public static string OfText(ReadOnlySpan<byte> bytes, int most, bool isCut = false)
    {
        var text = new StringBuilder(bytes.Length + 2);
        char quote = Quote(bytes);
        text.Append(quote);
        int count = 0;
        for (int at = 0; at < bytes.Length; count++)
        {
            if (count == most)
            {
                isCut = true;
                break;
            }

            if (bytes[at] < 0x80)
                AppendByte(text, bytes[at++], quote);
            else if (Rune.DecodeFromUtf8(bytes[at..], out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
                at += length;
            }
            else
                AppendByte(text, bytes[at++], quote);
        }

        text.Append(quote);
        return isCut ? text.Append('…').ToString() : text.ToString();
    }

    /// <summary><c>b'abc\n'</c>.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes, bool isCut)
    {
        var text = new StringBuilder(bytes.Length + 3);
        char quote = Quote(bytes);
        text.Append('b').Append(quote);
        foreach (byte one in bytes)
            AppendByte(text, one, quote);
        text.Append(quote);
        return isCut ? text.Append('…').ToString() : text.ToString();
    }

    private static char Quote(ReadOnlySpan<byte> bytes) => bytes.Contains((byte)'\'') && !bytes.Contains((byte)'"') ? '"' : '\'';

    private static void AppendByte(StringBuilder text, byte one, char quote)
    {
        switch (one)
        {
            case (byte)'\n':
                text.Append("\\n");
                break;
            case (byte)'\r':
                text.Append("\\r");
                break;
            case (byte)'\t':
                text.Append("\\t");
                break;
            case (byte)'\\':
                text.Append("\\\\");
                break;
            case >= 0x20 and < 0x7f:
                if (one == quote)
                    text.Append('\\');
                text.Append((char)one);
                break;
            default:
                text.Append("\\x").Append(one.ToString("x2", CultureInfo.InvariantCulture));
                break;
        }
    }
}
