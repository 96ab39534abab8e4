using System.Text.RegularExpressions;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

internal static class Patterns
{
    /// <exception cref="UserError">regex</exception>
    public static Regex Of(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant);
        }
        catch (RegexParseException bad)
        {
            throw new UserError("regex", $"Invalid regexp: {text}", bad.Message, bad);
        }
    }
}
