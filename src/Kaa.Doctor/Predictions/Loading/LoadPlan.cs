using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Doctor.Predictions.Loading;

/// <summary>
/// What the dynamic loader would do for one library: find it and all that it needs, check versions, resolve symbols. Nothing is run; files are
/// only read. Those that are loaded already are taken as they lie in memory, whatever their files are by now.
/// </summary>
internal sealed class LoadPlan(LibrarySearch search, FileObjects files, IReadOnlyList<LinkedObject> loaded, bool isMusl)
{
    private readonly List<LinkedObject> _added = [];
    private readonly List<LoadProblem> _problems = [];

    /// <summary>Files that would be loaded, in the loader's order.</summary>
    public IReadOnlyList<LinkedObject> Added => _added;

    /// <summary>In the order in which the loader would meet them: the first is the one that it tells.</summary>
    public IReadOnlyList<LoadProblem> Problems => _problems;

    /// <summary>Loads a file, and what it needs.</summary>
    public LinkedObject? Add(string path, LinkedObject? by = null)
    {
        int first = _added.Count;
        LinkedObject? root = AddFile(path, by);
        for (int i = first; i < _added.Count && _added.Count < Limits.LoadedClosure; i++)
            AddNeeded(_added[i]);
        return root;
    }

    /// <summary>A library that is loaded, or would be, by a name in DT_NEEDED; null where there is none.</summary>
    public LinkedObject? Resolve(string needed)
    {
        foreach (LinkedObject each in loaded.Concat(_added))
        {
            if (each.IsCalled(needed) || (isMusl && IsMuslItself(needed, each)))
                return each;
        }

        return null;
    }

    /// <summary>elf/dl-version.c, _dl_check_map_versions; musl has no such check.</summary>
    public void CheckVersions()
    {
        if (isMusl)
            return;
        foreach (LinkedObject each in _added)
        {
            foreach (ElfNeededVersion needed in each.Linkage.NeededVersions)
                Check(each, needed);
        }
    }

    /// <summary>Every symbol that a relocation names must be found in the scope; weak ones may be missing.</summary>
    /// <param name="scope">What came with the program; the library and what it needs are added to it.</param>
    /// <param name="bindsNow">All is resolved at once.</param>
    public void CheckSymbols(IReadOnlyList<LinkedObject> scope, LinkedObject root, bool bindsNow)
    {
        IReadOnlyList<LinkedObject> all = [.. scope, .. LinkMap.Closure(root, [.. loaded, .. _added]).Where(each => !scope.Contains(each))];
        foreach (LinkedObject each in _added)
            CheckSymbols(each, all, bindsNow || isMusl);
    }

    public void Report(LoadProblem problem) => _problems.Add(problem);

    // musl's ldso/dynlink.c, load_library: these names mean the C library itself.
    private static bool IsMuslItself(string needed, LinkedObject each)
    {
        if (!each.FileName.StartsWith("ld-musl-", StringComparison.Ordinal) && each.FileName != "libc.so")
            return false;
        foreach (string reserved in (ReadOnlySpan<string>)["libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.", "ld-musl-"])
        {
            if (needed.StartsWith(reserved, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private LinkedObject? AddFile(string path, LinkedObject? by)
    {
        LinkedObject? opened = files.Open(path, by, isProgram: false, out LoadProblem? problem);
        if (problem is not null)
            _problems.Add(problem);
        if (opened is not null)
            _added.Add(opened);
        return opened;
    }

    private void AddNeeded(LinkedObject by)
    {
        foreach (string needed in by.Linkage.Needed)
        {
            if (Resolve(needed) is not null)
                continue;
            if (search.Find(needed, by) is { } path)
                AddFile(path, by);
            else
                _problems.Add(Missing(needed, by));
        }
    }

    private LoadProblem Missing(string needed, LinkedObject by)
    {
        string message = isMusl
            ? $"Error loading shared library {needed}: No such file or directory (needed by {by.Path})"
            : $"{needed}: cannot open shared object file: No such file or directory";
        return new LoadProblem("missing-library", message, [$"{by.Path} needs {needed}", .. search.Tried.Select(tried => "not in " + tried)]);
    }

    private void Check(LinkedObject by, ElfNeededVersion needed)
    {
        // What could not be loaded has been told.
        if (needed.IsWeak || Resolve(needed.Library) is not { } library)
            return;
        IReadOnlyList<ElfDefinedVersion> defined = library.Linkage.DefinedVersions;
        if (defined.Count == 0 || defined.Any(version => version.Version == needed.Version))
            return;
        string place = library.Image is { } image ? $"{library.Path} as it is loaded at {image.Module.Base}{(image.Module.Deleted ? " (its file is another one now)" : "")}" : library.Path;
        string highest = HighestLike(defined, needed.Version) is { } version ? $", the highest of that kind is {version}" : "";
        _problems.Add(new LoadProblem("missing-version", $"{library.Path}: version `{needed.Version}' not found (required by {by.Path})",
        [
            $"{by.Path} needs {needed.Version} of {needed.Library}",
            $"{place} defines {defined.Count(each => !each.IsBase)} versions{highest}",
        ]));
    }

    private static string? HighestLike(IReadOnlyList<ElfDefinedVersion> defined, string wanted)
    {
        string family = wanted[..(wanted.IndexOf('_', StringComparison.Ordinal) + 1)];
        string? highest = null;
        Version? most = null;
        foreach (ElfDefinedVersion each in defined)
        {
            bool isLike = family.Length > 0 && each.Version.StartsWith(family, StringComparison.Ordinal);
            if (isLike && Version.TryParse(each.Version[family.Length..], out Version? number) && (most is null || number > most))
                (highest, most) = (each.Version, number);
        }

        return highest;
    }

    private void CheckSymbols(LinkedObject by, IReadOnlyList<LinkedObject> scope, bool bindsNow)
    {
        var seen = new HashSet<int>();
        foreach (ElfRelocation relocation in by.Linkage.Relocations())
        {
            if (relocation.Symbol == 0 || !seen.Add(relocation.Symbol))
                continue;
            ElfSymbol symbol = by.Elf.DynamicSymbols[relocation.Symbol];
            if (symbol.IsDefined || symbol.Binding == ElfSymbolBinding.Weak)
                continue;
            (string name, string? version) = by.NameOf(relocation.Symbol);
            if (scope.Any(each => each.Find(name, isMusl ? null : version) is not null))
                continue;
            string message = isMusl ? $"Error relocating {by.Path}: {name}: symbol not found" : $"{by.Path}: undefined symbol: {name}{(version is null ? "" : ", version " + version)}";
            bool isLazy = relocation.IsLazy && !bindsNow && !by.Linkage.BindsNow;
            _problems.Add(new LoadProblem("undefined-symbol", message, [$"{by.Path} refers to {name}; {scope.Count} objects were searched"]) { OnlyWhenCalled = isLazy });
        }
    }
}
