using Kaa.Linux.Processes;

namespace Kaa.Doctor.Predictions.Packages;

/// <summary>Debian's and Ubuntu's. <c>-s</c> writes a line for each step: <c>Inst NAME [OLD] (NEW ORIGIN [ARCH]) [...]</c>, <c>Remv NAME [OLD]</c>.</summary>
internal sealed class AptManager : PackageManager
{
    public override string Program => "apt-get";

    public override IReadOnlyList<string> Simulation(string package) => ["-s", "-o", "Debug::NoLocking=1", "-o", "APT::Get::Show-User-Simulation-Note=0", "install", package];

    public override IReadOnlyList<PackageChange>? Read(ProgramAnswer answer)
    {
        if (answer.Status != 0)
            return null;
        var changes = new List<PackageChange>();
        foreach (string line in answer.Output.Split('\n'))
        {
            if (line.StartsWith("Inst ", StringComparison.Ordinal))
                changes.Add(Installed(line));
            else if (line.StartsWith("Remv ", StringComparison.Ordinal) || line.StartsWith("Purg ", StringComparison.Ordinal))
                changes.Add(new PackageChange(PackageAct.Remove, line.Split(' ')[1], Between(line, '[', ']'), null));
        }

        return changes;
    }

    public override (string Program, IReadOnlyList<string> Arguments) FileList(string package) => ("dpkg-query", ["-L", package]);

    private static PackageChange Installed(string line)
    {
        string name = line.Split(' ')[1];
        int open = line.IndexOf('(', StringComparison.Ordinal);
        string? old = open < 0 ? null : Between(line[..open], '[', ']');
        string? now = open < 0 ? null : line[(open + 1)..].Split(' ', ')')[0];
        return new PackageChange(old is null ? PackageAct.Install : PackageAct.Replace, name, old, now);
    }

    private static string? Between(string text, char open, char close)
    {
        int start = text.IndexOf(open, StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf(close, start);
        return end < 0 ? null : text[(start + 1)..end];
    }
}
