using System.Buffers.Text;

namespace Kaa.Formats.Network;

/// <summary>Status line and headers of an answer by HTTP/1 (RFC 9112).</summary>
/// <param name="Length">Of the body in bytes; null where it ends with the connection.</param>
/// <param name="IsEncoded">The body comes in chunks or compressed, which was not asked for.</param>
/// <param name="Size">Of the head in bytes, with the empty line.</param>
public readonly record struct HttpResponseHead(int Status, long? Length, bool IsEncoded, int Size)
{
    /// <summary>Null where the bytes do not hold all of it yet.</summary>
    /// <exception cref="BadData">It is no answer by HTTP.</exception>
    public static HttpResponseHead? TryRead(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        ReadOnlySpan<byte> head = bytes[..end];
        int line = head.IndexOf("\r\n"u8);
        int status = StatusOf(line < 0 ? head : head[..line]);
        long? length = null;
        bool isEncoded = false;
        while (line >= 0)
        {
            head = head[(line + 2)..];
            line = head.IndexOf("\r\n"u8);
            ReadHeader(line < 0 ? head : head[..line], ref length, ref isEncoded);
        }

        return new HttpResponseHead(status, length, isEncoded, end + 4);
    }

    private static int StatusOf(ReadOnlySpan<byte> line)
    {
        // "HTTP/1.1 200 OK"
        bool known = line.Length >= 12 && line.StartsWith("HTTP/1."u8) && line[8] == ' ';
        return known && Utf8Parser.TryParse(line.Slice(9, 3), out int status, out int digits) && digits == 3
            ? status
            : throw new BadData("HTTP", 0, "no status line of HTTP/1");
    }

    private static void ReadHeader(ReadOnlySpan<byte> line, ref long? length, ref bool isEncoded)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0)
            return;
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
        ReadOnlySpan<byte> name = line[..colon];
        if (System.Text.Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            length = Utf8Parser.TryParse(value, out long number, out int digits) && digits == value.Length && number >= 0
                ? number
                : throw new BadData("HTTP", 0, "no number in Content-Length");
        }
        else if (System.Text.Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8) || System.Text.Ascii.EqualsIgnoreCase(name, "content-encoding"u8))
        {
            isEncoded |= !System.Text.Ascii.EqualsIgnoreCase(value, "identity"u8);
        }
    }
}
