using System.Globalization;
using Kaa.Results;

namespace Kaa.Control.Debugging.Values;

/// <summary>What stands behind a slash: <c>p/x</c>, <c>x/4i</c>.</summary>
/// <param name="Count">How many; 1 where it is not said.</param>
/// <param name="Letter">x, d, u, o, t, a, c, s, i, f, z or r; null where it is not said.</param>
/// <param name="Size">In bytes; null where it is not said.</param>
public sealed record DisplayFormat(int Count, char? Letter, int? Size)
{
    public static readonly DisplayFormat None = new(1, null, null);

    /// <summary>Takes it from the front of an argument.</summary>
    /// <exception cref="UserError">format</exception>
    public static DisplayFormat Take(ref string argument)
    {
        if (!argument.StartsWith('/'))
            return None;
        int end = argument.IndexOf(' ', StringComparison.Ordinal);
        string text = end < 0 ? argument[1..] : argument[1..end];
        argument = end < 0 ? "" : argument[end..].Trim();
        int digits = text.StartsWith('-') ? 1 : 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        int count = 1;
        if (digits > 0 && !int.TryParse(text[..digits], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out count))
            throw new UserError("format", $"Invalid number \"{text[..digits]}\".");
        return Letters(text[digits..], count);
    }

    private static DisplayFormat Letters(string letters, int count)
    {
        char? letter = null;
        int? size = null;
        foreach (char c in letters)
        {
            switch (c)
            {
                case 'b' or 'h' or 'w' or 'g':
                    size = c switch { 'b' => 1, 'h' => 2, 'w' => 4, _ => 8 };
                    break;
                case 'x' or 'd' or 'u' or 'o' or 't' or 'a' or 'c' or 's' or 'i' or 'f' or 'z' or 'r':
                    letter = c;
                    break;
                default:
                    throw new UserError("format", $"Undefined output format \"{c}\".", "formats are x d u o t a c s i f z, sizes b h w g");
            }
        }

        return new DisplayFormat(count, letter, size);
    }
}
