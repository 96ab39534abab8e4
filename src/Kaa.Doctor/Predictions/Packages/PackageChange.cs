namespace Kaa.Doctor.Predictions.Packages;

internal enum PackageAct
{
    Install,
    Replace,
    Remove,
}

/// <summary>What a package manager would do to one package.</summary>
/// <param name="Name">As its own tools take it: with the architecture where they want that.</param>
/// <param name="Old">The version that is installed; null where none is, or it is not told.</param>
internal sealed record PackageChange(PackageAct Act, string Name, string? Old, string? New)
{
    /// <summary>Files of it that are there now would be others, or gone.</summary>
    public bool TakesFiles => Act != PackageAct.Install;

    public override string ToString() => Act switch
    {
        PackageAct.Install => $"install {Name} {New}".TrimEnd(),
        PackageAct.Remove => $"remove {Name} {Old}".TrimEnd(),
        _ => $"replace {Name} {Old} by {New}",
    };
}
