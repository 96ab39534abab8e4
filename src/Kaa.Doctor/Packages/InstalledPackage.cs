namespace Kaa.Doctor.Packages;

/// <summary>A package of a distribution.</summary>
/// <param name="Version">Null where the database does not tell.</param>
/// <param name="Architecture">As the distribution writes it: amd64, x86_64; null where it does not.</param>
internal sealed record InstalledPackage(string Name, string? Version, string? Architecture)
{
    public override string ToString() => Version is null ? Name : Name + " " + Version;
}

/// <summary>An entry of a package manager's log.</summary>
/// <param name="Line">As it stands there.</param>
/// <param name="At">In Unix seconds, read as UTC, though the log is in local time: good for a day's comparison, no more.</param>
internal sealed record PackageEvent(string Line, double? At);
