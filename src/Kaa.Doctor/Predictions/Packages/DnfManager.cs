using Kaa.Linux.Processes;

namespace Kaa.Doctor.Predictions.Packages;

/// <summary>
/// Fedora's and Red Hat's. <c>--assumeno</c> prints the transaction as a table, in parts that begin with a line like <c>Upgrading:</c>, and ends with
/// status 1. The columns are package, architecture, version, repository, size; a long name stands on a line of its own.
/// </summary>
internal sealed class DnfManager(string program) : PackageManager
{
    public override string Program => program;

    public override IReadOnlyList<string> Simulation(string package) => ["--assumeno", "install", package];

    public override IReadOnlyList<PackageChange>? Read(ProgramAnswer answer)
    {
        bool isPlan = answer.Output.Contains("Transaction Summary", StringComparison.Ordinal);
        if (!isPlan)
            return answer.Status == 0 && answer.Output.Contains("Nothing to do", StringComparison.OrdinalIgnoreCase) ? [] : null;
        var changes = new List<PackageChange>();
        PackageAct? act = null;
        string? wrapped = null;
        foreach (string line in answer.Output.Split('\n'))
        {
            if (line.StartsWith("Transaction Summary", StringComparison.Ordinal))
                break;
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line.Length > 0 && !char.IsWhiteSpace(line[0]))
            {
                (act, wrapped) = (line.EndsWith(':') ? ActOf(line) : act, null);
                continue;
            }

            // dnf 5 tells below an upgrade what it takes the place of.
            if (act is null || words.Length == 0 || words[0] == "replacing")
                continue;
            if (words.Length == 1)
            {
                wrapped = words[0];
                continue;
            }

            string[] columns = wrapped is null ? words : [wrapped, .. words];
            wrapped = null;
            if (columns.Length >= 3)
                changes.Add(new PackageChange(act.Value, columns[0] + "." + columns[1], null, columns[2]));
        }

        return changes;
    }

    public override (string Program, IReadOnlyList<string> Arguments) FileList(string package) => ("rpm", ["-ql", package]);

    private static PackageAct? ActOf(string heading) => heading switch
    {
        _ when heading.StartsWith("Installing", StringComparison.Ordinal) => PackageAct.Install,
        _ when heading.StartsWith("Upgrading", StringComparison.Ordinal) || heading.StartsWith("Downgrading", StringComparison.Ordinal)
            || heading.StartsWith("Reinstalling", StringComparison.Ordinal) => PackageAct.Replace,
        _ when heading.StartsWith("Removing", StringComparison.Ordinal) => PackageAct.Remove,
        _ => null,
    };
}
