using System.Globalization;
using System.Numerics;
using System.Text;
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
    private int _at;

    /// <exception cref="UserError">expression</exception>
    public Token Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
        int start = _at;
        if (start == text.Length)
            return new Token(TokenKind.End, "the end", default, start);
        char c = text[_at];
        if (char.IsAsciiDigit(c))
            return Number(start);
        if (c is '\'' or '"')
            return Quoted(start, c);
        if (c == '$')
        {
            _at++;
            return new Token(TokenKind.Register, Word(), default, start);
        }

        if (IsWordStart(c))
            return new Token(TokenKind.Name, Word(), default, start);
        _at++;
        return new Token(TokenKind.Punctuation, c.ToString(), default, start);
    }

    public UserError Error(string what, int position) =>
        new("expression", $"{what}, at character {position + 1} of '{text}'",
            "names, attributes (a.b), items (a['k'], a[-1]), slices (a[1:5]), len(a), type(a), *ADDRESS and $REGISTER can be asked for");

    private static bool IsWordStart(char c) => c == '_' || char.IsLetter(c);

    private string Word()
    {
        int start = _at;
        while (_at < text.Length && (text[_at] == '_' || char.IsLetterOrDigit(text[_at])))
            _at++;
        return text[start.._at];
    }

    private Token Number(int start)
    {
        string word = Word().Replace("_", "", StringComparison.Ordinal);
        bool isHex = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);

        // The 0 in front keeps a first digit of 8 and more from being a sign.
        bool isNumber = isHex
            ? BigInteger.TryParse("0" + word[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out BigInteger value)
            : BigInteger.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (!isNumber || word.Length == 2 && isHex)
            throw Error($"'{word}' is no number", start);
        return new Token(TokenKind.Number, word, value, start);
    }

    private Token Quoted(int start, char quote)
    {
        var result = new StringBuilder();
        for (_at++; _at < text.Length; _at++)
        {
            char c = text[_at];
            if (c == quote)
            {
                _at++;
                return new Token(TokenKind.Text, result.ToString(), default, start);
            }

            if (c == '\\' && _at + 1 < text.Length)
            {
                c = text[++_at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    var other => other,
                };
            }

            result.Append(c);
        }

        throw Error("a text without its end", start);
    }
}
