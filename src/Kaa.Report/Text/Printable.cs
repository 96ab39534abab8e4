using System.Globalization;
using System.Text;

namespace Kaa.Report.Text;

/// <summary>
/// Text that came from a target, made safe for a terminal: whatever could move the cursor, change colours or reorder what is
/// read is written as Python's <c>repr()</c> would escape it.
/// </summary>
public static class Printable
{
    /// <summary>The same string where nothing needs escaping, which is nearly always.</summary>
    public static string Escape(string text)
    {
        int first = FirstUnsafe(text);
        if (first < 0)
            return text;
        var result = new StringBuilder(text, 0, first, text.Length + 16);
        int at = first;
        while (at < text.Length)
        {
            int length = RuneLength(text, at);
            if (IsSafe(text, at, length))
                result.Append(text, at, length);
            else
                AppendEscape(result, text, at, length);
            at += length;
        }

        return result.ToString();
    }

    /// <summary>Lone surrogates as <c>\udce9</c>, so that what is left is valid Unicode; all else as it is.</summary>
    public static string EscapeLoneSurrogates(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') < 0)
            return text;
        var result = new StringBuilder(text.Length + 16);
        for (int at = 0; at < text.Length; at += RuneLength(text, at))
        {
            int length = RuneLength(text, at);
            if (length == 1 && char.IsSurrogate(text[at]))
                AppendEscape(result, text, at, 1);
            else
                result.Append(text, at, length);
        }

        return result.ToString();
    }

    private static int FirstUnsafe(string text)
    {
        int at = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        while (at >= 0 && at < text.Length)
        {
            int length = RuneLength(text, at);
            if (!IsSafe(text, at, length))
                return at;
            at += length;
        }

        return -1;
    }

    private static int RuneLength(string text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    private static bool IsSafe(string text, int at, int length)
    {
        if (text[at] is >= ' ' and <= '~')
            return true;
        // Format holds the bidirectional overrides and the zero-width characters.
        return CharUnicodeInfo.GetUnicodeCategory(length == 2 ? char.ConvertToUtf32(text, at) : text[at]) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned => false,
            _ => true,
        };
    }

    private static void AppendEscape(StringBuilder result, string text, int at, int length)
    {
        int rune = length == 2 ? char.ConvertToUtf32(text, at) : text[at];
        _ = rune switch
        {
            '\n' => result.Append("\\n"),
            '\r' => result.Append("\\r"),
            '\t' => result.Append("\\t"),
            <= 0xff => result.Append("\\x").Append(rune.ToString("x2", CultureInfo.InvariantCulture)),
            <= 0xffff => result.Append("\\u").Append(rune.ToString("x4", CultureInfo.InvariantCulture)),
            _ => result.Append("\\U").Append(rune.ToString("x8", CultureInfo.InvariantCulture)),
        };
    }
}
