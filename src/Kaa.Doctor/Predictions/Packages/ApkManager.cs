using Kaa.Linux.Processes;

namespace Kaa.Doctor.Predictions.Packages;

/// <summary>Alpine's. <c>--simulate</c> writes <c>(1/3) Upgrading musl (1.2.4-r2 -&gt; 1.2.5-r0)</c>, <c>Installing gdb (…)</c>, <c>Purging x (…)</c>.</summary>
internal sealed class ApkManager : PackageManager
{
    public override string Program => "apk";

    public override IReadOnlyList<string> Simulation(string package) => ["add", "--simulate", package];

    public override IReadOnlyList<PackageChange>? Read(ProgramAnswer answer)
    {
        if (answer.Status != 0)
            return null;
        var changes = new List<PackageChange>();
        foreach (string line in answer.Output.Split('\n'))
        {
            // (1/3), the act, the name, (version) or (old -> new).
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 4 || !words[0].StartsWith('(') || ActOf(words[1]) is not { } act)
                continue;
            string[] versions = [.. words[3..].Where(word => word != "->").Select(word => word.Trim('(', ')'))];
            bool isReplaced = act == PackageAct.Replace;
            changes.Add(new PackageChange(act, words[2], act == PackageAct.Install ? null : versions[0], act == PackageAct.Remove ? null : versions[isReplaced ? ^1 : 0]));
        }

        return changes;
    }

    public override (string Program, IReadOnlyList<string> Arguments) FileList(string package) => ("apk", ["info", "-q", "-L", package]);

    private static PackageAct? ActOf(string word) => word switch
    {
        "Installing" => PackageAct.Install,
        "Upgrading" or "Downgrading" or "Reinstalling" or "Replacing" => PackageAct.Replace,
        "Purging" or "Deleting" => PackageAct.Remove,
        _ => null,
    };
}
