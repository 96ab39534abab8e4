using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Predictions.Packages;

/// <summary>
/// What would installing a package do to the processes that run? The package manager of this machine is asked to simulate it; the files of the
/// packages that it would replace are compared with what each process has mapped.
/// </summary>
internal sealed class PackagePrediction(string package, PackageManager? manager) : ICheck
{
    private const int MostLines = 20;

    public PackagePrediction(string package)
        : this(package, PackageManager.OfThisMachine())
    {
    }

    public string Subject => "installing " + package;

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (manager is null)
            return [Unknown("none of apt-get, dnf, yum and apk is here", "")];
        IReadOnlyList<string> arguments = manager.Simulation(package);
        string command = manager.Program + " " + string.Join(' ', arguments);
        if (package.StartsWith('-') || PackageManager.Ask(manager.Program, arguments) is not { } answer)
            return [Unknown(command + " can't be run", "")];
        if (manager.Read(answer) is not { } changes)
            return [Unknown(command + " says no", answer.Output)];
        return Compare(examined, command, changes);
    }

    private List<Finding> Compare(Examined examined, string command, IReadOnlyList<PackageChange> changes)
    {
        var owners = new Dictionary<string, PackageChange>(StringComparer.Ordinal);
        var unlisted = new List<string>();
        foreach (PackageChange change in changes.Where(change => change.TakesFiles))
        {
            string[]? files = FilesOf(change.Name);
            if (files is null)
                unlisted.Add(change.Name);
            foreach (string file in files ?? [])
                owners.TryAdd(file, change);
        }

        using var processes = new MappedByProcesses(examined.Proc);
        List<AffectedProcess> affected = owners.Count == 0 ? [] : processes.Find(owners.Keys);
        List<Finding> findings = [Plan(command, changes, affected)];
        findings.AddRange(affected.Where(process => process.IsPython).Select(process => Describe(process, owners)));
        if (affected.Exists(process => !process.IsPython))
            findings.Add(Others([.. affected.Where(process => !process.IsPython)], owners));
        if (unlisted.Count > 0 || processes.Refused.Count > 0)
            findings.Add(Gaps(unlisted, processes.Refused));
        return findings;
    }

    private string[]? FilesOf(string name)
    {
        (string program, IReadOnlyList<string> arguments) = manager!.FileList(name);
        if (PackageManager.Ask(program, arguments) is not { Status: 0 } answer)
            return null;
        return [.. answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line != "/.").Select(line => line.StartsWith('/') ? line : "/" + line)];
    }

    private Finding Plan(string command, IReadOnlyList<PackageChange> changes, List<AffectedProcess> affected)
    {
        int taken = changes.Count(change => change.TakesFiles);
        int pythons = affected.Count(process => process.IsPython);
        string title = affected.Count == 0
            ? $"installing {package} replaces no file that a running process has mapped"
            : $"installing {package} would replace files that {Quantity.Of(pythons, "Python process", "Python processes")} and {Quantity.Of(affected.Count - pythons, "other")} have mapped";
        return new Finding("package-plan", pythons > 0 ? Severity.Problem : affected.Count > 0 ? Severity.Warning : Severity.Ok, title)
        {
            Subject = package,
            Evidence = [command, $"{Quantity.Of(changes.Count - taken, "package")} to install, {taken} to replace or remove", .. changes.Where(change => change.TakesFiles).Take(MostLines).Select(change => change.ToString())],
            Remedy = pythons == 0 ? [] : ["# kaa needs nothing installed: kaa bt PID"],
            Facts = [("installed", changes.Count - taken), ("replaced", taken), ("pythonProcesses", pythons), ("otherProcesses", affected.Count - pythons)],
        };
    }

    private static Finding Describe(AffectedProcess process, Dictionary<string, PackageChange> owners) =>
        new("package-replaces", Severity.Problem, Text($"{process.Files.Count} mapped files of Python {MappedByProcesses.Text(process)} would be replaced"))
        {
            Subject = process.Pid.ToString(CultureInfo.InvariantCulture),
            Evidence = [.. process.Files.Take(MostLines).Select(file => $"{file}: {owners[file]}")],
            Facts = [("files", process.Files.Count)],
        };

    private static Finding Others(AffectedProcess[] others, Dictionary<string, PackageChange> owners) =>
        new("package-replaces-others", Severity.Warning, Text($"files of {others.Length} other processes would be replaced"))
        {
            Evidence = [.. others.Take(MostLines).Select(other => Text($"{MappedByProcesses.Text(other)}: {other.Files[0]} ({owners[other.Files[0]].Name}){(other.Files.Count > 1 ? $" and {other.Files.Count - 1} more" : "")}"))],
            Facts = [("processes", others.Length)],
        };

    private static Finding Gaps(List<string> unlisted, IReadOnlyList<string> refused) =>
        new("package-gaps", Severity.Warning, "the list of processes may be incomplete")
        {
            Evidence =
            [
                .. unlisted.Select(name => $"no list of the files of {name}"), .. refused.Take(MostLines).Select(process => $"{process}: what it has mapped may not be read"),
            ],
            Remedy = refused.Count > 0 ? ["# run it as root"] : [],
            Facts = [("unreadableProcesses", refused.Count)],
            Incomplete = true,
        };

    private Finding Unknown(string why, string output) => new("package-unknown", Severity.Warning, $"what installing {package} would do can't be told: {why}")
    {
        Subject = package,
        Evidence = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(MostLines)],
        Incomplete = true,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
