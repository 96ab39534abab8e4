namespace Kaa.Control.Running;

/// <summary>Tells whether lines that were typed are a whole input, as Python's own prompt does: open brackets, strings and blocks go on.</summary>
public static class ReplInput
{
    /// <param name="text">Lines with line feeds between them; a block is whole when it ends with an empty one.</param>
    public static bool IsComplete(string text)
    {
        int depth = 0;
        bool opensBlock = false;
        char last = '\0';
        string? quote = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote is not null)
            {
                if (c == '\\')
                    i++;
                else if (text.AsSpan(i).StartsWith(quote, StringComparison.Ordinal))
                    (i, quote) = (i + quote.Length - 1, null);
                else if (c == '\n' && quote.Length == 1)
                    quote = null;
                continue;
            }

            if (c == '#')
            {
                while (i + 1 < text.Length && text[i + 1] != '\n')
                    i++;
                continue;
            }

            if (c is '"' or '\'')
            {
                string three = new(c, 3);
                quote = text.AsSpan(i).StartsWith(three, StringComparison.Ordinal) ? three : c.ToString();
                i += quote.Length - 1;
            }

            depth += c is '(' or '[' or '{' ? 1 : c is ')' or ']' or '}' ? -1 : 0;
            if (c == '\n')
                opensBlock |= last == ':' && depth <= 0;
            if (c == '\n' || !char.IsWhiteSpace(c))
                last = c == '\n' && last == '\\' ? '\\' : c;
        }

        opensBlock |= (last == ':' && depth <= 0) || text.StartsWith('@');
        bool isOpen = quote is { Length: 3 } || depth > 0 || text.EndsWith('\\');
        return !isOpen && (!opensBlock || text.EndsWith('\n'));
    }
}
