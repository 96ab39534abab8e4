using System.Globalization;
using System.Text;
using Kaa.Results;

namespace Kaa.Control.Conditions;

internal enum WordKind
{
    End,
    Name,
    Integer,
    Text,

    /// <summary>A name behind <c>$</c>.</summary>
    Dollar,
    Sign,
}

/// <param name="Position">Where it begins, from 0.</param>
internal readonly record struct ConditionWord(WordKind Kind, string Text, long Value, int Position)
{
    public bool Is(string sign) => Kind == WordKind.Sign && Text == sign;

    public bool IsName(string name) => Kind == WordKind.Name && Text == name;
}

/// <summary>The words of a condition.</summary>
internal sealed class ConditionScanner(string text)
{
    // The longest first.
    private static readonly string[] Signs =
        ["==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "<<", ">>", "<", ">", "(", ")", "*", "+", "-", "/", "%", "&", "|", "^", "!", ",", "."];

    private int _at;

    /// <exception cref="UserError">condition</exception>
    public ConditionWord Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
        int start = _at;
        if (start == text.Length)
            return new ConditionWord(WordKind.End, "the end", 0, start);
        char c = text[_at];
        if (char.IsAsciiDigit(c))
            return Integer(start);
        if (c == '"' || c == '\'')
            return Quoted(start, c);
        if (c == '$')
        {
            _at++;
            return new ConditionWord(WordKind.Dollar, Name(), 0, start);
        }

        if (c == '_' || char.IsAsciiLetter(c))
            return new ConditionWord(WordKind.Name, Name(), 0, start);
        foreach (string sign in Signs)
        {
            if (string.CompareOrdinal(text, _at, sign, 0, sign.Length) != 0)
                continue;
            _at += sign.Length;
            return new ConditionWord(WordKind.Sign, sign, 0, start);
        }

        throw Error($"'{c}' was not expected", start);
    }

    public UserError Error(string what, int position) => new(
        "condition", $"{what}, at character {position + 1} of '{text}'",
        "as in: arg1 > 4096 and str(arg0) =~ \"^/tmp/\" and py.function == \"handle\"");

    private string Name()
    {
        int start = _at;
        while (_at < text.Length && (text[_at] == '_' || char.IsAsciiLetterOrDigit(text[_at])))
            _at++;
        return text[start.._at];
    }

    /// <summary>As C writes them: 12, 0x1f, 0755.</summary>
    private ConditionWord Integer(int start)
    {
        string word = Name();
        ulong value;
        bool isNumber;
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            isNumber = ulong.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        else if (word.Length > 1 && word[0] == '0')
            isNumber = TryOctal(word.AsSpan(1), out value);
        else
            isNumber = ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        return isNumber
            ? new ConditionWord(WordKind.Integer, word, unchecked((long)value), start)
            : throw Error($"'{word}' is no number of 64 bits", start);
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        foreach (char digit in digits)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    /// <summary>Of escapes only those of the quote and the backslash are taken: the rest belongs to a regular expression.</summary>
    private ConditionWord Quoted(int start, char quote)
    {
        var result = new StringBuilder();
        for (_at++; _at < text.Length; _at++)
        {
            char c = text[_at];
            if (c == quote)
            {
                _at++;
                return new ConditionWord(WordKind.Text, result.ToString(), 0, start);
            }

            if (c == '\\' && _at + 1 < text.Length && text[_at + 1] == quote)
                c = text[++_at];
            result.Append(c);
        }

        throw Error("a text without its end", start);
    }
}
