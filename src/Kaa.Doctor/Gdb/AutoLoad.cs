namespace Kaa.Doctor.Gdb;

/// <summary>
/// Which script gdb would load by itself for a file (gdb manual, "The objfile-gdb.py file" and "Security restriction for auto-loading"): FILE-gdb.py
/// beside it, or below its own directories; and only from below a directory that is declared safe.
/// </summary>
internal sealed class AutoLoad(string dataDirectory, string? home, Func<string, string?> read)
{
    private const string DebugDirectory = "/usr/lib/debug";

    /// <summary>The places in which gdb looks, in its order.</summary>
    public IReadOnlyList<string> Places(string file) => [file + "-gdb.py", DebugDirectory + file + "-gdb.py", dataDirectory + "/auto-load" + file + "-gdb.py"];

    /// <summary>The first that exists, and whether gdb may load it; null where there is none.</summary>
    public (string Path, bool IsSafe, string Text)? Find(string file)
    {
        foreach (string place in Places(file))
        {
            if (read(place) is { } text)
                return (place, IsSafe(place), text);
        }

        return null;
    }

    /// <summary>The directories that are safe: gdb's own ones, and what the files that gdb reads at its start add.</summary>
    public IReadOnlyList<string> SafeDirectories()
    {
        List<string> safe = [DebugDirectory, dataDirectory + "/auto-load"];
        foreach (string file in Initial())
        {
            foreach (string line in (read(file) ?? "").Split('\n'))
                Apply(line.Trim(), safe);
        }

        return safe;
    }

    private IEnumerable<string> Initial()
    {
        yield return "/etc/gdb/gdbinit";
        if (home is null)
            yield break;
        yield return home + "/.config/gdb/gdbearlyinit";
        yield return home + "/.config/gdb/gdbinit";
        yield return home + "/.gdbinit";
    }

    private static void Apply(string line, List<string> safe)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["set", "auto-load", "safe-path", .. var paths]:
                safe.Clear();
                safe.AddRange(string.Join(' ', paths).Split(':', StringSplitOptions.RemoveEmptyEntries));
                break;
            case ["add-auto-load-safe-path", .. var paths]:
                safe.AddRange(string.Join(' ', paths).Split(':', StringSplitOptions.RemoveEmptyEntries));
                break;
        }
    }

    private bool IsSafe(string path)
    {
        foreach (string directory in SafeDirectories())
        {
            string prefix = directory.Replace("$debugdir", DebugDirectory, StringComparison.Ordinal).Replace("$datadir", dataDirectory, StringComparison.Ordinal).TrimEnd('/');
            if (path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
