using System.Globalization;

namespace Kaa.Cli.Commands;

/// <summary>An argument that names a process.</summary>
internal static class ProcessWord
{
    /// <summary>The pid that it is.</summary>
    /// <exception cref="UsageError">It is none.</exception>
    public static int Pid(string text, string verb) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0
            ? pid
            : throw new UsageError($"'{text}' is no pid; kaa ps lists the Python processes", verb);
}
