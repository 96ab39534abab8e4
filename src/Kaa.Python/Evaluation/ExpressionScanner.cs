using System.Globalization;
using System.Numerics;
using Kaa.Formats.Words;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

internal enum TokenKind
{
    End,
    Name,
    Number,
    Text,
    Register,
    Punctuation,
}

internal readonly record struct Token(TokenKind Kind, string Text, BigInteger Number, int Position);

/// <summary>The words of an expression.</summary>
internal sealed class ExpressionScanner(string text)
{
    private readonly WordCursor _cursor = new(text);

    /// <exception cref="UserError">expression</exception>
    public Token Next()
    {
        bool isAny = _cursor.FindWord();
        int start = _cursor.Place;
        if (!isAny)
            return new Token(TokenKind.End, "the end", default, start);
        char c = _cursor.Peek;
        if (char.IsAsciiDigit(c))
            return Number(start);
        if (c is '\'' or '"')
            return _cursor.TakeQuoted(Escaped) is { } quoted ? new Token(TokenKind.Text, quoted, default, start) : throw Error("a text without its end", start);
        if (c == '_' || char.IsLetter(c))
            return new Token(TokenKind.Name, _cursor.TakeName(), default, start);
        _cursor.Skip();
        return c == '$' ? new Token(TokenKind.Register, _cursor.TakeName(), default, start) : new Token(TokenKind.Punctuation, c.ToString(), default, start);
    }

    public UserError Error(string what, int position) =>
        new("expression", $"{what}, at character {position + 1} of '{text}'",
            "names, attributes (a.b), items (a['k'], a[-1]), slices (a[1:5]), len(a), type(a), *ADDRESS and $REGISTER can be asked for");

    private Token Number(int start)
    {
        string word = _cursor.TakeName().Replace("_", "", StringComparison.Ordinal);
        bool isHex = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);

        // The 0 in front keeps a first digit of 8 and more from being a sign.
        bool isNumber = isHex
            ? BigInteger.TryParse("0" + word[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out BigInteger value)
            : BigInteger.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (!isNumber || word.Length == 2 && isHex)
            throw Error($"'{word}' is no number", start);
        return new Token(TokenKind.Number, word, value, start);
    }

    private static char? Escaped(char behind) => behind switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        _ => behind,
    };
}
