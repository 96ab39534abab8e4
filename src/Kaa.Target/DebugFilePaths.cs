namespace Kaa.Target;

/// <summary>Where a separate debug file may lie in the target's root, most likely place first (gdb manual, "Separate Debug Files").</summary>
internal static class DebugFilePaths
{
    private const string Root = "/usr/lib/debug";

    /// <summary>Null where the build-id is too short to make a path of.</summary>
    public static string? ByBuildId(byte[]? id)
    {
        if (id is not { Length: > 1 })
            return null;
        string name = Convert.ToHexStringLower(id);
        return Root + "/.build-id/" + name[..2] + "/" + name[2..] + ".debug";
    }

    /// <param name="link">The name in .gnu_debuglink; null where there is none.</param>
    public static IEnumerable<string> Of(byte[] id, string modulePath, string? link)
    {
        if (ByBuildId(id) is { } byId)
            yield return byId;

        // The link is a bare name; one with a slash would lead anywhere.
        if (string.IsNullOrEmpty(link) || link.Contains('/', StringComparison.Ordinal))
            yield break;
        string directory = modulePath[..(modulePath.LastIndexOf('/') + 1)];
        yield return directory + link;
        yield return directory + ".debug/" + link;
        yield return Root + directory + link;
    }

    /// <param name="path">Of the file that has the link, to which a relative name refers; null where not known.</param>
    public static IEnumerable<string> OfAlt((string FileName, byte[] BuildId) link, string? path)
    {
        if (ByBuildId(link.BuildId) is { } byId)
            yield return byId;
        if (link.FileName.StartsWith('/'))
            yield return link.FileName;
        else if (path is not null && link.FileName.Length > 0)
            yield return path[..(path.LastIndexOf('/') + 1)] + link.FileName;

        // dwz's own place, whatever directory the name begins with.
        int place = link.FileName.IndexOf(".dwz/", StringComparison.Ordinal);
        if (place >= 0)
            yield return Root + "/" + link.FileName[place..];
    }
}
