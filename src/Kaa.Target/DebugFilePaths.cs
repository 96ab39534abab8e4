namespace Kaa.Target;

/// <summary>Where a separate debug file may lie, most likely place first (gdb manual, "Separate Debug Files").</summary>
internal static class DebugFilePaths
{
    /// <summary>Where distributions install them.</summary>
    public const string Root = "/usr/lib/debug";

    /// <summary>Null where the build-id is too short to make a path of.</summary>
    public static string? ByBuildId(byte[]? id, string root = Root)
    {
        if (id is not { Length: > 1 })
            return null;
        string name = Convert.ToHexStringLower(id);
        return root + "/.build-id/" + name[..2] + "/" + name[2..] + ".debug";
    }

    /// <summary>In the target's root, or the host's.</summary>
    /// <param name="id">Null where the module has none.</param>
    /// <param name="link">The name in .gnu_debuglink; null where there is none.</param>
    public static IEnumerable<string> Of(byte[]? id, string modulePath, string? link)
    {
        if (ByBuildId(id) is { } byId)
            yield return byId;
        if (!IsName(link))
            yield break;
        string directory = DirectoryOf(modulePath);
        yield return directory + link;
        yield return directory + ".debug/" + link;
        yield return Root + directory + link;
    }

    /// <summary>Below a directory that the user named.</summary>
    public static IEnumerable<string> Below(string root, byte[]? id, string modulePath, string? link)
    {
        root = root.TrimEnd('/');
        if (ByBuildId(id, root) is { } byId)
            yield return byId;
        if (!IsName(link))
            yield break;
        yield return root + DirectoryOf(modulePath) + link;
        yield return root + "/" + link;
    }

    /// <param name="path">Of the file that has the link, to which a relative name refers; null where not known.</param>
    public static IEnumerable<string> OfAlt((string FileName, byte[] BuildId) link, string? path)
    {
        if (ByBuildId(link.BuildId) is { } byId)
            yield return byId;
        if (link.FileName.StartsWith('/'))
            yield return link.FileName;
        else if (path is not null && link.FileName.Length > 0)
            yield return DirectoryOf(path) + link.FileName;
        if (DwzPlace(link.FileName) is { } place)
            yield return Root + "/" + place;
    }

    /// <summary>Below a directory that the user named.</summary>
    public static IEnumerable<string> AltBelow(string root, (string FileName, byte[] BuildId) link)
    {
        root = root.TrimEnd('/');
        if (ByBuildId(link.BuildId, root) is { } byId)
            yield return byId;
        if (DwzPlace(link.FileName) is { } place)
            yield return root + "/" + place;
    }

    // dwz's own place, whatever directory the name begins with.
    private static string? DwzPlace(string name) =>
        name.IndexOf(".dwz/", StringComparison.Ordinal) is >= 0 and int place ? name[place..] : null;

    private static string DirectoryOf(string path) => path[..(path.LastIndexOf('/') + 1)];

    // The link is a bare name; one with a slash would lead anywhere.
    private static bool IsName(string? link) => !string.IsNullOrEmpty(link) && !link.Contains('/', StringComparison.Ordinal);
}
