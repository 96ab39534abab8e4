using System.Globalization;

namespace Kaa.Cli.Commands;

/// <summary>What somebody typed for a TARGET: a pid, or the path of a core.</summary>
internal static class TargetWord
{
    /// <summary>What is no number, or has a slash.</summary>
    public static bool IsPath(string text, string verb)
    {
        if (text.StartsWith('-'))
            throw new UsageError($"unknown option '{text}'", verb);
        return !text.All(char.IsAsciiDigit) && (text.Contains('/') || File.Exists(text) || Directory.Exists(text) || text.Contains('.'));
    }

    public static int Pid(string text, string verb)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
            return pid;
        throw new UsageError($"'{text}' is neither a pid nor a file; kaa ps lists the Python processes", verb);
    }
}
