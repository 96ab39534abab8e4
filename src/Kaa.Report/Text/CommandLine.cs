using System.Buffers;

namespace Kaa.Report.Text;

/// <summary>A command as one would type it in a shell.</summary>
internal static class CommandLine
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@%");

    public static string Join(IReadOnlyList<string> command) => string.Join(' ', command.Select(Quote));

    private static string Quote(string word)
    {
        bool plain = word.Length > 0 && word.AsSpan().IndexOfAnyExcept(Plain) < 0;
        return plain ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }
}
