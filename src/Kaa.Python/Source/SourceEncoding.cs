using System.Text;

namespace Kaa.Python.Source;

/// <summary>
/// In which encoding a source file is written: a byte order mark or a comment in its first two lines says so, else it is UTF-8 (PEP 263,
/// PEP 3120).
/// </summary>
internal static class SourceEncoding
{
    public const int MarkLength = 3;

    public static bool HasMark(ReadOnlySpan<byte> source) => source.StartsWith("\ufeff"u8);

    /// <summary>
    /// UTF-8 or Latin-1. Others are read as UTF-8, in which ASCII stays right and every byte beyond it becomes U+FFFD: their
    /// tables are not carried along.
    /// </summary>
    public static Encoding Of(ReadOnlySpan<byte> source)
    {
        if (HasMark(source))
            return Encoding.UTF8;
        for (int line = 0; line < 2; line++)
        {
            int end = source.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> text = end < 0 ? source : source[..end];
            if (!IsCommentOrBlank(text))
                break;
            string name = Declared(text);
            if (name.Length > 0)
                return IsLatin1(name) ? Encoding.Latin1 : Encoding.UTF8;
            source = end < 0 ? [] : source[(end + (source[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        return Encoding.UTF8;
    }

    private static bool IsCommentOrBlank(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimStart(" \t\f"u8);
        return text.Length == 0 || text[0] == '#';
    }

    /// <summary>PEP 263: <c>^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)</c>.</summary>
    private static string Declared(ReadOnlySpan<byte> line)
    {
        int at;
        while ((at = line.IndexOf("coding"u8)) >= 0)
        {
            line = line[(at + "coding".Length)..];
            if (line.Length == 0 || line[0] is not ((byte)':' or (byte)'='))
                continue;
            ReadOnlySpan<byte> name = line[1..].TrimStart(" \t"u8);
            int length = 0;
            while (length < name.Length && (char.IsAsciiLetterOrDigit((char)name[length]) || name[length] is (byte)'-' or (byte)'_' or (byte)'.'))
                length++;
            if (length > 0)
                return Encoding.ASCII.GetString(name[..length]);
        }

        return "";
    }

    /// <summary>The spellings that CPython's tokenizer takes for it (get_normal_name in Parser/tokenizer.c).</summary>
    private static bool IsLatin1(string name)
    {
        string normal = name.ToLowerInvariant().Replace('_', '-');
        return Is(normal, "latin-1") || Is(normal, "iso-8859-1") || Is(normal, "iso-latin-1") || normal is "latin1" or "l1" or "8859" or "cp819";
    }

    private static bool Is(string name, string encoding) =>
        name == encoding || name.StartsWith(encoding + "-", StringComparison.Ordinal);
}
