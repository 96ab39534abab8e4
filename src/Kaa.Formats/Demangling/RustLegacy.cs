using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>
/// Rust's first scheme: a C++ nested name whose last part is <c>17h</c> and 16 hexadecimal digits, with characters that C++ has no room
/// for written out (rustc's legacy symbol mangling).
/// </summary>
internal static class RustLegacy
{
    private const int HashLength = 17;

    /// <summary>Null where it is none such.</summary>
    public static string? TryDemangle(string symbol)
    {
        int at = symbol.StartsWith("_ZN", StringComparison.Ordinal) ? 3 : 0;
        if (at == 0)
            return null;
        var parts = new List<string>();
        while (at < symbol.Length && symbol[at] != 'E')
        {
            int length = 0;
            for (; at < symbol.Length && char.IsAsciiDigit(symbol[at]) && length < symbol.Length; at++)
                length = (length * 10) + (symbol[at] - '0');
            if (length == 0 || length > symbol.Length - at)
                return null;
            parts.Add(symbol.Substring(at, length));
            at += length;
        }

        // What LLVM adds (.llvm.1234) stands behind.
        bool ends = at < symbol.Length && (at + 1 == symbol.Length || symbol[at + 1] == '.');
        if (!ends || parts.Count < 2 || !IsHash(parts[^1]))
            return null;
        var text = new StringBuilder();
        for (int i = 0; i < parts.Count - 1; i++)
        {
            if (i > 0)
                text.Append("::");
            if (!TryUnescape(parts[i], text))
                return null;
        }

        return text.Append(Suffix(symbol.AsSpan(at + 1))).ToString();
    }

    /// <summary>What of a suffix tells something: LLVM's numbers do not.</summary>
    internal static ReadOnlySpan<char> Suffix(ReadOnlySpan<char> rest) => rest.StartsWith(".llvm.") ? [] : rest;

    private static bool IsHash(string part)
    {
        if (part.Length != HashLength || part[0] != 'h')
            return false;
        foreach (char digit in part.AsSpan(1))
        {
            if (!char.IsAsciiHexDigitLower(digit))
                return false;
        }

        return true;
    }

    private static bool TryUnescape(ReadOnlySpan<char> part, StringBuilder text)
    {
        // An underscore is put in front where a part would begin with a dollar.
        if (part.StartsWith("_$"))
            part = part[1..];
        while (!part.IsEmpty)
        {
            if (part.StartsWith(".."))
            {
                text.Append("::");
                part = part[2..];
            }
            else if (part[0] == '.')
            {
                text.Append('.');
                part = part[1..];
            }
            else if (part[0] == '$')
            {
                int end = part[1..].IndexOf('$');
                if (end < 0 || Character(part.Slice(1, end)) is not { } character)
                    return false;
                text.Append(character);
                part = part[(end + 2)..];
            }
            else
            {
                int next = part.IndexOfAny('$', '.');
                ReadOnlySpan<char> plain = next < 0 ? part : part[..next];
                text.Append(plain);
                part = part[plain.Length..];
            }
        }

        return true;
    }

    private static string? Character(ReadOnlySpan<char> code)
    {
        switch (code)
        {
            case "SP":
                return "@";
            case "BP":
                return "*";
            case "RF":
                return "&";
            case "LT":
                return "<";
            case "GT":
                return ">";
            case "LP":
                return "(";
            case "RP":
                return ")";
            case "C":
                return ",";
        }

        bool isNumber = code.Length is > 1 and < 8 && code[0] == 'u';
        int value = 0;
        bool isHex = isNumber && int.TryParse(code[1..], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
        return isHex && Rune.IsValid(value) && value >= 0x20 ? new Rune(value).ToString() : null;
    }
}
