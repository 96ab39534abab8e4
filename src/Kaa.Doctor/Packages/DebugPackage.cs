using Kaa.Doctor.Checks;

namespace Kaa.Doctor.Packages;

/// <summary>Which package has the debug information of a build, and what installing it would do to what runs.</summary>
internal static class DebugPackage
{
    /// <summary>Lines of a remedy for a module without debug information.</summary>
    public static List<string> Remedy(DebugQuality quality, PackageDatabase? packages)
    {
        var lines = new List<string>();
        string path = quality.Module.Path;
        InstalledPackage? owner = packages?.OwnersOf([path]).GetValueOrDefault(path);
        switch (packages)
        {
            case DpkgDatabase dpkg when owner is not null:
                lines.AddRange(Debian(quality, dpkg, owner));
                break;
            case ApkDatabase when owner is not null:
                lines.AddRange(["# in its own root; -dbg packages are of the version that the mirror has, so ask for this one:", $"apk add {ShellWord.Of(owner.Name + "-dbg=" + owner.Version)}"]);
                break;
            case RpmDatabase:
                lines.AddRange(["# in its own root, the debug information of the package that brought the file:", $"dnf debuginfo-install \"$(rpm -qf {ShellWord.Of(path)})\""]);
                break;
        }

        if (quality.BuildId is not null)
        {
            lines.Add("# without installing anything, by build-id, if the distribution's debuginfod has it:");
            lines.Add($"DEBUGINFOD_URLS=https://debuginfod.elfutils.org debuginfod-find debuginfo {quality.BuildId}");
        }
        else if (owner is null)
        {
            lines.Add("# no package brought it, and it has no build-id: only its own build has the symbols (CFLAGS=-g, no strip)");
        }

        return lines;
    }

    private static List<string> Debian(DebugQuality quality, DpkgDatabase dpkg, InstalledPackage owner)
    {
        var lists = dpkg.Lists();
        if (lists is null)
            return [$"# wanted is the debug package of {owner}; there are no package lists here that would tell whether it can be had (apt update)"];
        AvailablePackage? match = null;
        AvailablePackage? other = null;
        foreach (AvailablePackage candidate in lists.Find(Names(owner.Name)))
        {
            bool isMatch = quality.BuildId is { } id && candidate.BuildIds is not null ? candidate.HasBuild(id) : candidate.Version == owner.Version;
            if (isMatch)
                match ??= candidate;
            else if (other is null || DebianVersion.Compare(candidate.Version, other.Version) > 0)
                other = candidate;
        }

        if (match is not null)
            return Match(match, new Replacements(dpkg, lists));
        if (other is not null)
            return Other(other, owner, new Replacements(dpkg, lists));
        return
        [
            $"# no package list has a debug package of {owner}; -dbgsym packages are in an archive of their own (debian-goodies has this command):",
            "find-dbgsym-packages " + ShellWord.Of(quality.Module.Path),
        ];
    }

    /// <summary>python3.11-minimal's symbols are in python3.11-dbg, libc6's in libc6-dbg; all others' in -dbgsym.</summary>
    private static string[] Names(string package)
    {
        string stem = package;
        foreach (string end in (string[])["-minimal", "-stdlib"])
            stem = stem.EndsWith(end, StringComparison.Ordinal) ? stem[..^end.Length] : stem;
        return [stem + "-dbg", package + "-dbgsym", "lib" + stem + "-dbg"];
    }

    private static List<string> Match(AvailablePackage match, Replacements replacements)
    {
        List<string> replaced = replacements.Of(match);
        if (replaced.Count > 0)
            return Warned(match, replaced);
        return [$"# {match.Name} {match.Version} is of this very build, and replaces nothing that is installed:", $"sudo apt-get install --no-install-recommends {match.Name}={match.Version}"];
    }

    private static List<string> Other(AvailablePackage other, InstalledPackage owner, Replacements replacements)
    {
        List<string> replaced = replacements.Of(other);
        if (replaced.Count > 0)
            return Warned(other, replaced);
        return [$"# the archive has {other.Name} only as {other.Version}, which is another build than {owner}: its symbols do not fit"];
    }

    private static List<string> Warned(AvailablePackage package, List<string> replaced) =>
    [
        $"# do not install {package.Name} {package.Version} on this machine while the process runs: it would replace {string.Join(", ", replaced)}",
        $"# see what else: apt-get install -s {package.Name}={package.Version}; kaa doctor --package {package.Name}",
    ];
}
