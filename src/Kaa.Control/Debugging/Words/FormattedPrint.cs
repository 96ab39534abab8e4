using System.Globalization;
using System.Text;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>printf "format", values</c>.</summary>
internal static class FormattedPrint
{
    public static string Of(DebugSession session, string argument)
    {
        if (!argument.StartsWith('"') || EndOfText(argument) is not (> 0 and int end))
            throw new UserError("argument", "Bad format string", "as in: printf \"%d %s\\n\", $rdi, (char *) $rsi");
        string format = DataWords.Unescaped(argument[1..end].Replace("\\\"", "\"", StringComparison.Ordinal));
        var values = new Queue<string>(Split(argument[(end + 1)..]));
        var result = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
                result.Append(format[i]);
            else if (i + 1 < format.Length && format[i + 1] == '%')
                result.Append(format[++i]);
            else
                i = One(session, format, i, values, result);
        }

        return values.Count == 0 ? result.ToString() : throw new UserError("argument", "Wrong number of arguments for specified format-string");
    }

    /// <summary>Gives where the conversion ends.</summary>
    private static int One(DebugSession session, string format, int start, Queue<string> values, StringBuilder result)
    {
        int at = start + 1;
        while (at < format.Length && "-+ #0123456789.lhzjt".Contains(format[at]))
            at++;
        if (at == format.Length || !values.TryDequeue(out string? expression))
            throw new UserError("argument", "Bad format string, missing argument");
        DataValue value = ExpressionReader.Evaluate(expression, session.Scope);
        string flags = format[(start + 1)..at].TrimEnd('l', 'h', 'z', 'j', 't');
        string text = format[at] switch
        {
            'd' or 'i' => Operators.NumberOf(value).ToString(CultureInfo.InvariantCulture),
            'u' => unchecked((ulong)Operators.NumberOf(value)).ToString(CultureInfo.InvariantCulture),
            'x' => (flags.Contains('#') ? "0x" : "") + Hex(value, format[start..at]),
            'p' => "0x" + unchecked((ulong)Operators.NumberOf(value)).ToString("x", CultureInfo.InvariantCulture),
            'o' => Convert.ToString(Operators.NumberOf(value), 8),
            'c' => ((char)(byte)value.Bits).ToString(),
            's' => value.Text ?? session.Scope.Memory.ReadCString(new Address(value.Bits), Limits.PrintedText),
            'f' or 'g' or 'e' => Operators.Double(value).ToString(format[at] == 'f' ? "F6" : "R", CultureInfo.InvariantCulture),
            var other => throw new UserError("argument", $"Unrecognized format specifier '{other}' in printf"),
        };
        result.Append(Padded(text, flags));
        return at;
    }

    private static string Hex(DataValue value, string conversion)
    {
        ulong bits = unchecked((ulong)Operators.NumberOf(value));
        return (conversion.Contains('l') || value.Type.Size == 8 ? bits : (uint)bits).ToString("x", CultureInfo.InvariantCulture);
    }

    private static string Padded(string text, string flags)
    {
        string digits = flags.TrimStart('-', '+', ' ', '#');
        if (!int.TryParse(digits.Split('.')[0].TrimStart('0'), out int width) || width > 1000)
            return text;
        return flags.Contains('-') ? text.PadRight(width) : digits.StartsWith('0') ? text.PadLeft(width, '0') : text.PadLeft(width);
    }

    private static int EndOfText(string argument)
    {
        for (int i = 1; i < argument.Length; i++)
        {
            if (argument[i] == '\\')
                i++;
            else if (argument[i] == '"')
                return i;
        }

        return -1;
    }

    /// <summary>At commas that stand in no bracket.</summary>
    internal static IEnumerable<string> Split(string text)
    {
        int depth = 0;
        int start = 0;
        bool isQuoted = false;
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : ',';
            isQuoted ^= c == '"' && (i == 0 || text[i - 1] != '\\');
            depth += isQuoted ? 0 : c is '(' or '[' ? 1 : c is ')' or ']' ? -1 : 0;
            if ((c == ',' && depth == 0 && !isQuoted) || i == text.Length)
            {
                if (text[start..i].Trim() is { Length: > 0 } part)
                    yield return part;
                start = i + 1;
            }
        }
    }
}
