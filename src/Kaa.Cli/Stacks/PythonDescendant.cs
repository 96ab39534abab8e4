using System.Globalization;
using Kaa.Doctor.Processes;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>A shell, <c>tini</c> or <c>sudo</c> is not Python, but what it started often is: an error about the one names the other.</summary>
internal static class PythonDescendant
{
    private const int Most = 3;

    /// <summary>The same error where no process below <paramref name="pid"/> runs Python.</summary>
    public static UserError Named(int pid, UserError error)
    {
        var processes = ProcessList.Take();
        IReadOnlyList<ProcessSummary> found = new PythonProcessFinder(processes).Find(processes.Descendants(pid));
        if (found.Count == 0)
            return error;
        string names = string.Join(", ", found.Take(Most).Select(Described)) + (found.Count > Most ? " and more" : "");
        return new UserError(error.Code, error.Message, $"it has started processes that do run Python: {names}; --subprocesses shows them too", error);
    }

    private static string Described(ProcessSummary process) =>
        string.Create(CultureInfo.InvariantCulture, $"{process.Pid} ({string.Join(' ', process.Command)})");
}
