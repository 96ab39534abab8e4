namespace Kaa.Doctor.Packages;

/// <summary>
/// Which installed packages would have to change for one to be installed: those that it asks for in another version, what these ask for in that
/// version, and so on; packages that are not installed yet have their wishes too. Conflicts, and who asks for a version that would go, are apt's business (<c>apt-get install -s</c>).
/// </summary>
internal sealed class Replacements(DpkgDatabase dpkg, AptLists lists)
{
    /// <summary>Each level searches all lists once; those of Python and of the C library have three.</summary>
    private const int Deepest = 5;

    private const int MostPackages = 200;

    private readonly HashSet<string> _seen = [];
    private readonly List<string> _replaced = [];

    /// <summary>As "libc6 2.36-9 by 2.36-10".</summary>
    public List<string> Of(AvailablePackage package)
    {
        _seen.Clear();
        _replaced.Clear();
        _seen.Add(package.Name);
        List<AvailablePackage> level = [package];
        for (int depth = 0; depth < Deepest && level.Count > 0; depth++)
            level = Chosen(Unmet(level));
        return [.. _replaced];
    }

    private List<PackageRelation> Unmet(List<AvailablePackage> level)
    {
        var unmet = new List<PackageRelation>();
        foreach (AvailablePackage package in level)
        {
            foreach (List<PackageRelation> alternatives in PackageRelation.Parse(package.Depends))
            {
                if (!alternatives.Exists(IsMet) && _seen.Count < MostPackages && _seen.Add(alternatives[0].Name))
                    unmet.Add(alternatives[0]);
            }
        }

        return unmet;
    }

    private bool IsMet(PackageRelation relation) => dpkg.Find(relation.Name)?["Version"] is { } installed && relation.Allows(installed);

    /// <summary>The newest versions that are allowed; one that no list has is told all the same.</summary>
    private List<AvailablePackage> Chosen(List<PackageRelation> unmet)
    {
        var chosen = new List<AvailablePackage>();
        if (unmet.Count == 0)
            return chosen;
        List<AvailablePackage> available = lists.Find([.. unmet.Select(relation => relation.Name)]);
        foreach (PackageRelation relation in unmet)
        {
            AvailablePackage? best = null;
            foreach (AvailablePackage one in available)
            {
                if (one.Name == relation.Name && relation.Allows(one.Version) && (best is null || DebianVersion.Compare(one.Version, best.Version) > 0))
                    best = one;
            }

            if (best is not null)
                chosen.Add(best);
            string? by = best?.Version ?? (relation.Operator == "=" ? relation.Version : null);
            if (by is not null && dpkg.Find(relation.Name)?["Version"] is { } installed && installed != by)
                _replaced.Add($"{relation.Name} {installed} by {by}");
        }

        return chosen;
    }
}
