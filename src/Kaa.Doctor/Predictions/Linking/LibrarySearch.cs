using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.Loading;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Linking;

/// <summary>
/// Finds a library's file as the loader of the target would (ld.so(8), "DESCRIPTION"; musl's ldso/dynlink.c, load_library), in the target's own root.
/// </summary>
internal sealed class LibrarySearch(ITargetFiles files, TargetEnvironment environment, LinkedObject program, bool isMusl)
{
    /// <summary>What distributions compile in; each has two to four of them.</summary>
    private static readonly string[] s_defaults =
        ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];

    private static readonly string[] s_muslDefaults = ["/lib", "/usr/local/lib", "/usr/lib"];

    private LoaderCache? _cache;
    private bool _cacheSought;

    /// <summary>Directories and files that were tried in vain, for the last search.</summary>
    public IReadOnlyList<string> Tried { get; private set; } = [];

    /// <summary>Path of the file that would be loaded; null where there is none. What is no library of this machine is passed over, as the loader does.</summary>
    /// <param name="by">Who needs it; null for the caller of dlopen, which is taken for the program.</param>
    public string? Find(string name, LinkedObject? by)
    {
        var tried = new List<string>();
        Tried = tried;
        if (name.Contains('/', StringComparison.Ordinal))
        {
            string path = Absolute(name);
            tried.Add(path);
            return Exists(path) ? path : null;
        }

        LinkedObject needer = by ?? program;
        foreach ((string place, string rule) in isMusl ? MuslDirectories(needer) : OwnDirectories(needer))
        {
            if (Try(place + "/" + name, $"{place} ({rule})", tried) is { } found)
                return found;
        }

        return isMusl || needer.Linkage.SkipsDefaultDirectories ? null : FindByDefault(name, tried);
    }

    /// <summary>A path that is not absolute is taken from the process's current directory.</summary>
    public string Absolute(string path) =>
        path.StartsWith('/') || files.WorkingDirectory is not { } directory ? path : directory.TrimEnd('/') + "/" + path;

    private string? FindByDefault(string name, List<string> tried)
    {
        if (Cache()?.Find(name) is { } cached && Try(cached, $"{cached} (ld.so.cache)", tried) is { } found)
            return found;
        tried.Add("/etc/ld.so.cache");
        foreach (string place in s_defaults)
        {
            if (Try(place + "/" + name, $"{place} (default)", tried) is { } common)
                return common;
        }

        return null;
    }

    private string? Try(string path, string description, List<string> tried)
    {
        if (IsUsable(path))
            return path;
        tried.Add(description);
        return null;
    }

    private IEnumerable<(string Place, string Rule)> OwnDirectories(LinkedObject by)
    {
        for (LinkedObject? each = by.Linkage.RunPath is null ? by : null; each is not null; each = each.Loader)
        {
            foreach (string place in each.Linkage.RunPath is null ? Expand(each.Linkage.RPath, each) : [])
                yield return (place, "rpath of " + each.FileName);
        }

        if (by.Linkage.RunPath is null && !Chain(by).Contains(program) && program.Linkage.RunPath is null)
        {
            foreach (string place in Expand(program.Linkage.RPath, program))
                yield return (place, "rpath of " + program.FileName);
        }

        foreach (string place in environment.LibraryPath)
            yield return (Absolute(place), "LD_LIBRARY_PATH");
        foreach (string place in Expand(by.Linkage.RunPath, by))
            yield return (place, "runpath of " + by.FileName);
    }

    private static IEnumerable<LinkedObject> Chain(LinkedObject from)
    {
        for (LinkedObject? each = from; each is not null; each = each.Loader)
            yield return each;
    }

    private IEnumerable<(string Place, string Rule)> MuslDirectories(LinkedObject by)
    {
        foreach (string place in environment.LibraryPath)
            yield return (Absolute(place), "LD_LIBRARY_PATH");
        foreach (LinkedObject each in Chain(by).Append(program).Distinct())
        {
            foreach (string place in Expand(each.Linkage.RunPath ?? each.Linkage.RPath, each))
                yield return (place, "rpath of " + each.FileName);
        }

        foreach (string place in MuslDefaults())
            yield return (place, "musl's default");
    }

    private string[] MuslDefaults()
    {
        using Stream? file = files.OpenRead("/etc/ld-musl-x86_64.path");
        return file is null ? s_muslDefaults : TextOf(file).Split([':', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    private static string TextOf(Stream file)
    {
        using var reader = new StreamReader(file);
        char[] text = new char[Limits.Path];
        return new string(text, 0, reader.ReadBlock(text));
    }

    // ld.so(8), "Dynamic string tokens". $LIB is lib/x86_64-linux-gnu on Debian and lib64 elsewhere: both are tried.
    private IEnumerable<string> Expand(string? path, LinkedObject owner)
    {
        string origin = owner.Path.LastIndexOf('/') is > 0 and int slash ? owner.Path[..slash] : "/";
        foreach (string part in path?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            string place = part.Replace("${ORIGIN}", origin, StringComparison.Ordinal).Replace("$ORIGIN", origin, StringComparison.Ordinal)
                .Replace("${PLATFORM}", "x86_64", StringComparison.Ordinal).Replace("$PLATFORM", "x86_64", StringComparison.Ordinal)
                .Replace("${LIB}", "$LIB", StringComparison.Ordinal);
            if (!place.Contains("$LIB", StringComparison.Ordinal))
            {
                yield return Absolute(place);
                continue;
            }

            yield return Absolute(place.Replace("$LIB", "lib/x86_64-linux-gnu", StringComparison.Ordinal));
            yield return Absolute(place.Replace("$LIB", "lib64", StringComparison.Ordinal));
        }
    }

    private bool Exists(string path)
    {
        using Stream? stream = files.OpenRead(path);
        return stream is not null;
    }

    private bool IsUsable(string path)
    {
        using Stream? stream = files.OpenRead(path);
        Span<byte> start = stackalloc byte[ElfIdentity.Length];
        return stream is not null && stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
            && ElfIdentity.Of(start).Verdict is ElfVerdict.Supported;
    }

    private LoaderCache? Cache()
    {
        if (_cacheSought)
            return _cache;
        _cacheSought = true;
        using Stream? file = files.OpenRead("/etc/ld.so.cache");
        if (file is null || file.Length > Limits.LoaderCache)
            return null;
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        try
        {
            return _cache = LoaderCache.Parse(bytes);
        }
        catch (BadData)
        {
            return null;
        }
    }
}
