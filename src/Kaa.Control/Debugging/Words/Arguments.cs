using System.Globalization;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>What follows a word, taken apart.</summary>
internal static class Arguments
{
    public static string[] Split(string argument) => argument.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A whole number, or an expression; <paramref name="otherwise"/> where nothing was given.</summary>
    public static int Number(DebugSession session, string argument, int otherwise)
    {
        if (argument.Length == 0)
            return otherwise;
        if (int.TryParse(argument, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int plain))
            return plain;
        long number = Operators.NumberOf(ExpressionReader.Evaluate(argument, session.Scope));
        return number is >= int.MinValue and <= int.MaxValue ? (int)number : throw new UserError("number", $"{argument} is too large a number here");
    }

    /// <summary>An address: an expression, <c>*EXPRESSION</c>, or the name of a function.</summary>
    public static Address Place(DebugSession session, string argument) =>
        Operators.AsAddress(ExpressionReader.Evaluate(argument.StartsWith('*') ? argument[1..] : argument, session.Scope));

    public static UserError Missing(string what) => new("argument", what);
}
