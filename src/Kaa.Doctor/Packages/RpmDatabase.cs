using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary>rpm keeps a database that only rpm reads: what it knows is left to the user's own command.</summary>
internal sealed class RpmDatabase(TargetRoot root) : PackageDatabase(root)
{
    public override string Manager => "rpm";

    public override string HistoryCommand => "rpm -qa --last | head -40";

    public override IReadOnlyDictionary<string, InstalledPackage> OwnersOf(IReadOnlyCollection<string> paths) => new Dictionary<string, InstalledPackage>();

    public override IReadOnlyList<PackageEvent> EventsOf(string package) => [];

    public override string OwnerCommand(string path) => $"rpm -qf --last {ShellWord.Of(path)}";
}
