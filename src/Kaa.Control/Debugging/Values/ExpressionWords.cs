using System.Globalization;
using Kaa.Formats.Words;
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

    private readonly WordCursor _cursor = new(text);

    /// <exception cref="UserError">expression</exception>
    public ExpressionWord Next()
    {
        bool isAny = _cursor.FindWord();
        int start = _cursor.Place;
        if (!isAny)
            return new ExpressionWord(ExpressionWordKind.End, "", 0, start);
        char c = _cursor.Peek;
        if (char.IsAsciiDigit(c))
            return Number(start);
        if (c == '"')
            return new ExpressionWord(ExpressionWordKind.Text, Quoted(), 0, start);
        if (c == '\'')
            return Character(start);
        if (c == '$')
            return new ExpressionWord(ExpressionWordKind.Dollar, Dollar(), 0, start);
        if (IsLetter(c))
            return new ExpressionWord(ExpressionWordKind.Name, Symbol(), 0, start);
        return _cursor.TakeSign(s_signs) is { } sign ? new ExpressionWord(ExpressionWordKind.Sign, sign, 0, start) : throw Error($"Invalid character '{c}' in expression.");
    }

    /// <summary>What is left of the text, from a word on.</summary>
    public string From(ExpressionWord word) => text[Math.Min(word.Position, text.Length)..];

    public static UserError Error(string message, string? hint = null) => new("expression", message, hint);

    private static bool IsLetter(char c) => c == '_' || char.IsAsciiLetter(c);

    /// <summary>What stands behind a <c>$</c>: a name, a number, nothing, or another <c>$</c> and one of these.</summary>
    private string Dollar()
    {
        _cursor.Skip();
        return (_cursor.Take("$") ? "$" : "") + _cursor.TakeAsciiName();
    }

    /// <summary>A name as symbols have it: <c>libc.so.6!read</c>, <c>_PyEval_EvalFrameDefault.cold</c>, <c>malloc@plt</c>.</summary>
    private string Symbol()
    {
        int start = _cursor.Place;
        _cursor.TakeAsciiName();
        int end = _cursor.Place;
        while (_cursor.Peek is '.' or '-' or '+' or '_' || char.IsAsciiLetterOrDigit(_cursor.Peek))
            _cursor.Skip();
        if (_cursor.Peek == '!' && IsLetter(_cursor.Ahead(1)))
        {
            _cursor.Skip();
            _cursor.TakeAsciiName();
            return text[start.._cursor.Place];
        }

        // What compilers and linkers add to a name.
        _cursor.Return(end);
        foreach (string part in (ReadOnlySpan<string>)[".cold", ".part.", ".isra.", ".constprop.", ".lto_priv.", "@plt"])
        {
            if (_cursor.Take(part))
                _cursor.TakeAsciiName();
        }

        return text[start.._cursor.Place];
    }

    private ExpressionWord Number(int start)
    {
        string word = _cursor.TakeAsciiName();
        bool isHex = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (_cursor.Peek == '.' && char.IsAsciiDigit(_cursor.Ahead(1)) && !isHex)
        {
            _cursor.Skip();
            word += "." + _cursor.TakeAsciiName();
            return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
                ? new ExpressionWord(ExpressionWordKind.Float, word, BitConverter.DoubleToUInt64Bits(real), start)
                : throw Error($"Invalid number \"{word}\".");
        }

        string digits = isHex ? word : word.TrimEnd('u', 'U', 'l', 'L');
        return CInteger.TryParse(digits, out ulong value) ? new ExpressionWord(ExpressionWordKind.Integer, word, value, start) : throw Error($"Invalid number \"{word}\".");
    }

    private ExpressionWord Character(int start)
    {
        string word = Quoted();
        if (word.Length == 1)
            return new ExpressionWord(ExpressionWordKind.Integer, "'" + word + "'", word[0], start);

        // gdb lets names stand in quotes: 'read'.
        return word.Length > 1 ? new ExpressionWord(ExpressionWordKind.Name, word, 0, start) : throw Error("Empty character constant.");
    }

    private string Quoted() => _cursor.TakeQuoted(Escaped) ?? throw Error("Unmatched quote.");

    private static char? Escaped(char behind) => behind switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'e' => '\e',
        _ => behind,
    };
}
