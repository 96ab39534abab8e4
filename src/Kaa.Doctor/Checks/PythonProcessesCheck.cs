using System.Globalization;
using Kaa.Doctor.Processes;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>The Python processes of the machine, and what would hinder a look at each.</summary>
internal sealed class PythonProcessesCheck : ICheck
{
    private const int ShownCommand = 80;

    public string Subject => "running Pythons";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        var finder = new PythonProcessFinder(ProcessList.Take(examined.Proc));
        IReadOnlyList<ProcessSummary> found = finder.Find();
        var well = new List<string>();
        foreach (ProcessSummary process in found)
        {
            string pid = process.Pid.ToString(CultureInfo.InvariantCulture);
            string line = $"{pid}: {process.Implementation} {process.Version ?? "of unknown version"}: {Cut(string.Join(' ', process.Command))}";
            if (process.Hindrances.Count == 0)
            {
                well.Add(line);
                continue;
            }

            yield return new Finding("process-hindered", Severity.Warning, Title(pid, process.Hindrances[0].Message))
            {
                Evidence = [line, .. process.Hindrances.Skip(1).Select(note => note.Message)],
                Remedy = [$"kaa doctor {pid}"],
                Subject = pid,
            };
        }

        if (finder.Refused > 0)
        {
            yield return new Finding("processes-refused", Severity.Info, $"{Quantity.Of(finder.Refused, "process", "processes")} may not be looked into; whether they are Python is unknown")
            {
                Remedy = ["sudo kaa ps"],
            };
        }

        string count = found.Count == 1 ? "the Python process" : $"{well.Count} of {found.Count} Python processes";
        bool allHindered = found.Count > 0 && well.Count == 0;
        yield return new Finding(
            "processes", allHindered ? Severity.Info : Severity.Ok,
            found.Count == 0 ? "no Python process was found" : allHindered ? $"something hinders a look at each Python process ({found.Count})" : "nothing hinders a look at " + count)
        {
            Evidence = well,
        };
    }

    private static string Title(string pid, string message) =>
        message.Contains("process " + pid, StringComparison.Ordinal) ? message : $"process {pid}: {message}";

    private static string Cut(string text) => text.Length <= ShownCommand ? text : text[..ShownCommand] + "…";
}
