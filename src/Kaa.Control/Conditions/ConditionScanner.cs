using Kaa.Formats.Words;
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

    private readonly WordCursor _cursor = new(text);

    /// <exception cref="UserError">condition</exception>
    public ConditionWord Next()
    {
        bool isAny = _cursor.FindWord();
        int start = _cursor.Place;
        if (!isAny)
            return new ConditionWord(WordKind.End, "the end", 0, start);
        char c = _cursor.Peek;
        if (char.IsAsciiDigit(c))
            return Integer(start);
        if (c is '"' or '\'')
            return Quoted(start, c);
        if (c == '$')
        {
            _cursor.Skip();
            return new ConditionWord(WordKind.Dollar, _cursor.TakeAsciiName(), 0, start);
        }

        if (c == '_' || char.IsAsciiLetter(c))
            return new ConditionWord(WordKind.Name, _cursor.TakeAsciiName(), 0, start);
        return _cursor.TakeSign(Signs) is { } sign ? new ConditionWord(WordKind.Sign, sign, 0, start) : throw Error($"'{c}' was not expected", start);
    }

    public UserError Error(string what, int position) => new(
        "condition", $"{what}, at character {position + 1} of '{text}'",
        "as in: arg1 > 4096 and str(arg0) =~ \"^/tmp/\" and py.function == \"handle\"");

    private ConditionWord Integer(int start)
    {
        string word = _cursor.TakeAsciiName();
        return CInteger.TryParse(word, out ulong value)
            ? new ConditionWord(WordKind.Integer, word, unchecked((long)value), start)
            : throw Error($"'{word}' is no number of 64 bits", start);
    }

    /// <summary>Of escapes only those of the quote are taken: the rest belongs to a regular expression.</summary>
    private ConditionWord Quoted(int start, char quote) => _cursor.TakeQuoted(behind => behind == quote ? quote : null) is { } quoted
        ? new ConditionWord(WordKind.Text, quoted, 0, start)
        : throw Error("a text without its end", start);
}
