using System.Globalization;
using System.Text;
using Kaa.Results;

namespace Kaa.Control.Debugging.Values;

internal enum ExpressionWordKind
{
    End,
    Name,
    Integer,
    Float,
    Text,

    /// <summary>A name, number or nothing behind <c>$</c>.</summary>
    Dollar,
    Sign,
}

internal readonly record struct ExpressionWord(ExpressionWordKind Kind, string Text, ulong Number, int Position)
{
    public bool Is(string sign) => Kind == ExpressionWordKind.Sign && Text == sign;
}

/// <summary>The words of an expression of C.</summary>
internal sealed class ExpressionWords(string text)
{
    // The longest first.
    private static readonly string[] s_signs =
        ["<<", ">>", "->", "==", "!=", "<=", ">=", "&&", "||", "::", "<", ">", "(", ")", "[", "]", "*", "+", "-", "/", "%", "&", "|", "^", "!", "~", ",", ".", "=", "@", "?", ":", "{", "}"];

    private int _at;

    /// <exception cref="UserError">expression</exception>
    public ExpressionWord Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
        int start = _at;
        if (start == text.Length)
            return new ExpressionWord(ExpressionWordKind.End, "", 0, start);
        char c = text[start];
        if (char.IsAsciiDigit(c))
            return Number(start);
        if (c == '"')
            return new ExpressionWord(ExpressionWordKind.Text, Quoted('"'), 0, start);
        if (c == '\'')
            return Character(start);
        if (c == '$')
        {
            _at++;
            return new ExpressionWord(ExpressionWordKind.Dollar, text[_at..].StartsWith('$') ? "$" + Behind() : Name(), 0, start);
        }

        if (IsLetter(c))
            return new ExpressionWord(ExpressionWordKind.Name, Symbol(), 0, start);
        foreach (string sign in s_signs)
        {
            if (string.CompareOrdinal(text, _at, sign, 0, sign.Length) != 0)
                continue;
            _at += sign.Length;
            return new ExpressionWord(ExpressionWordKind.Sign, sign, 0, start);
        }

        throw Error($"Invalid character '{c}' in expression.");
    }

    /// <summary>What is left of the text, from a word on.</summary>
    public string From(ExpressionWord word) => text[Math.Min(word.Position, text.Length)..];

    public static UserError Error(string message, string? hint = null) => new("expression", message, hint);

    private string Behind()
    {
        _at++;
        return Name();
    }

    private static bool IsLetter(char c) => c == '_' || char.IsAsciiLetter(c);

    private string Name()
    {
        int start = _at;
        while (_at < text.Length && (text[_at] == '_' || char.IsAsciiLetterOrDigit(text[_at])))
            _at++;
        return text[start.._at];
    }

    /// <summary>A name as symbols have it: <c>libc.so.6!read</c>, <c>_PyEval_EvalFrameDefault.cold</c>, <c>malloc@plt</c>.</summary>
    private string Symbol()
    {
        int start = _at;
        Name();
        int end = _at;
        while (_at < text.Length && (text[_at] is '.' or '-' or '+' || text[_at] == '_' || char.IsAsciiLetterOrDigit(text[_at])))
            _at++;
        if (_at < text.Length && text[_at] == '!' && _at + 1 < text.Length && IsLetter(text[_at + 1]))
        {
            _at++;
            Name();
            return text[start.._at];
        }

        // What compilers and linkers add to a name.
        _at = end;
        foreach (string part in (ReadOnlySpan<string>)[".cold", ".part.", ".isra.", ".constprop.", ".lto_priv.", "@plt"])
        {
            if (string.CompareOrdinal(text, _at, part, 0, part.Length) == 0)
            {
                _at += part.Length;
                Name();
            }
        }

        return text[start.._at];
    }

    private ExpressionWord Number(int start)
    {
        string word = Name();
        if (_at + 1 < text.Length && text[_at] == '.' && char.IsAsciiDigit(text[_at + 1]) && !word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            _at++;
            word += "." + Name();
            return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
                ? new ExpressionWord(ExpressionWordKind.Float, word, BitConverter.DoubleToUInt64Bits(real), start)
                : throw Error($"Invalid number \"{word}\".");
        }

        string digits = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word : word.TrimEnd('u', 'U', 'l', 'L');
        return TryInteger(digits, out ulong value) ? new ExpressionWord(ExpressionWordKind.Integer, word, value, start) : throw Error($"Invalid number \"{word}\".");
    }

    internal static bool TryInteger(string word, out ulong value)
    {
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (word.Length < 2 || word[0] != '0')
            return ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (char digit in word)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    private ExpressionWord Character(int start)
    {
        string word = Quoted('\'');
        if (word.Length == 1)
            return new ExpressionWord(ExpressionWordKind.Integer, "'" + word + "'", word[0], start);

        // gdb lets names stand in quotes: 'read'.
        return word.Length > 1 ? new ExpressionWord(ExpressionWordKind.Name, word, 0, start) : throw Error("Empty character constant.");
    }

    private string Quoted(char quote)
    {
        var result = new StringBuilder();
        for (_at++; _at < text.Length; _at++)
        {
            char c = text[_at];
            if (c == quote)
            {
                _at++;
                return result.ToString();
            }

            if (c == '\\' && _at + 1 < text.Length)
            {
                c = text[++_at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    'e' => '\e',
                    var other => other,
                };
            }

            result.Append(c);
        }

        throw Error("Unmatched quote.");
    }
}
