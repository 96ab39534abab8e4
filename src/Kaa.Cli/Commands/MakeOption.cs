using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Kaa.Cli.Commands;

/// <summary>Makes options whose mistakes are told in plain words.</summary>
internal static class MakeOption
{
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    public static Option<bool> Json() => Flag("--json", "Print one JSON object (docs/json.md) instead of text.");

    public static Option<string[]> Texts(string name, string value, string description) => new(name)
    {
        Description = description,
        HelpName = value,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <param name="least">The smallest that makes sense.</param>
    public static Option<int> Whole(string name, string value, int least, int otherwise, string description) => new(name)
    {
        Description = description,
        HelpName = value,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => Parse(result, name, least),
    };

    /// <summary>A positive amount; null where the option is not given.</summary>
    public static Option<double?> Amount(string name, string value, string description) => new(name)
    {
        Description = description,
        HelpName = value,
        CustomParser = result => ParseAmount(result, name),
    };

    /// <summary>A positive number of bytes, also as 512K, 1M or 2G, in powers of 1,024; null where the option is not given.</summary>
    public static Option<long?> Bytes(string name, string value, string description) => new(name)
    {
        Description = description,
        HelpName = value,
        CustomParser = result => ParseBytes(result, name),
    };

    private static int Parse(ArgumentResult result, string name, int least)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least)
            return number;
        result.AddError($"{name} takes a whole number from {least} on, not '{text}'");
        return least;
    }

    private static double? ParseAmount(ArgumentResult result, string name)
    {
        const double Most = 1e6;
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is > 0 and <= Most)
            return number;
        result.AddError($"{name} takes a number above 0, up to {Most:N0}, not '{text}'");
        return null;
    }

    private static long? ParseBytes(ArgumentResult result, string name)
    {
        const double Most = 1L << 40;
        string text = result.Tokens[0].Value;
        int unit = text.Length == 0 ? -1 : "KMG".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        string digits = unit < 0 ? text : text[..^1];
        if (double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && Math.Floor(number * (1L << (10 * (unit + 1)))) is >= 1 and <= Most and var bytes)
            return (long)bytes;
        result.AddError($"{name} takes a number of bytes, up to a TiB, as 524288, 512K or 1M, not '{text}'");
        return null;
    }
}
