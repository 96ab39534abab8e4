using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary>What a package manager has written down below a root. Files are read; nothing is run.</summary>
internal abstract class PackageDatabase(TargetRoot root)
{
    protected TargetRoot Root { get; } = root;

    /// <summary>As a person names it: dpkg, apk, rpm.</summary>
    public abstract string Manager { get; }

    /// <summary>The database of a root; null where there is none that is known.</summary>
    public static PackageDatabase? Of(TargetRoot? root)
    {
        if (root is null)
            return null;
        if (root.Exists("/var/lib/dpkg/status") || root.Exists("/var/lib/dpkg/status.d"))
            return new DpkgDatabase(root);
        if (root.Exists("/lib/apk/db/installed") || root.Exists("/usr/lib/apk/db/installed"))
            return new ApkDatabase(root);
        string[] rpm = ["/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages", "/var/lib/rpm/Packages.db", "/usr/lib/sysimage/rpm/Packages.db"];
        foreach (string file in rpm)
        {
            if (root.Exists(file))
                return new RpmDatabase(root);
        }

        return null;
    }

    /// <summary>The packages that brought these files; a file that none did, or that can't be asked for, is not in the answer.</summary>
    public abstract IReadOnlyDictionary<string, InstalledPackage> OwnersOf(IReadOnlyCollection<string> paths);

    /// <summary>What the log tells of a package, the newest last; empty where there is no log.</summary>
    public abstract IReadOnlyList<PackageEvent> EventsOf(string package);

    /// <summary>A command that says which package brought a file.</summary>
    public abstract string OwnerCommand(string path);

    /// <summary>A command that says what was changed when.</summary>
    public abstract string HistoryCommand { get; }

    /// <summary>The names that a file may be known by: with /lib a link to /usr/lib, databases have either.</summary>
    protected static string Unmerged(string path) => path.StartsWith("/usr/", StringComparison.Ordinal) ? path[4..] : path;
}
