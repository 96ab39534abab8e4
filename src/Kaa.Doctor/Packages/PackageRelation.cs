namespace Kaa.Doctor.Packages;

/// <summary>What a package asks of another one: <c>libc6 (&gt;= 2.36)</c> (deb-control(5), "Depends").</summary>
/// <param name="Operator">"=", "&gt;=", "&gt;&gt;", "&lt;=", "&lt;&lt;"; empty for any version.</param>
internal sealed record PackageRelation(string Name, string Operator, string Version)
{
    /// <summary>Each of the relations is a list of alternatives.</summary>
    public static IEnumerable<List<PackageRelation>> Parse(string? depends)
    {
        foreach (string relation in (depends ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var alternatives = new List<PackageRelation>();
            foreach (string alternative in relation.Split('|'))
                alternatives.Add(ParseOne(alternative.Trim()));
            yield return alternatives;
        }
    }

    public bool Allows(string version)
    {
        if (Operator.Length == 0)
            return true;
        int order = DebianVersion.Compare(version, Version);
        return Operator switch
        {
            "=" => order == 0,
            ">=" => order >= 0,
            ">>" => order > 0,
            "<=" => order <= 0,
            _ => order < 0,
        };
    }

    private static PackageRelation ParseOne(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        int close = text.IndexOf(')', StringComparison.Ordinal);
        string name = (open < 0 ? text : text[..open]).Trim();
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        name = colon < 0 ? name : name[..colon];
        if (open < 0 || close < open)
            return new PackageRelation(name, "", "");
        string[] words = text[(open + 1)..close].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 ? new PackageRelation(name, words[0], words[1]) : new PackageRelation(name, "", "");
    }
}
