using System.Globalization;
using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Loading;

/// <summary>
/// Would <c>dlopen(LIBRARY)</c> work in this running process? New files meet the libraries as they lie in memory, which an upgrade may
/// have left behind.
/// </summary>
internal sealed class DlopenPrediction(string library) : ICheck
{
    private const string Code = "dlopen";

    // elf/dl-tls.c of glibc 2.32 and later: TLS_STATIC_SURPLUS with the default tunables rtld.nns = 4 and rtld.optional_static_tls = 512.
    private const ulong StaticTlsRoom = 1_664;
    private const ulong StaticTlsSure = 512;

    public string Subject => "dlopen";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        TargetEnvironment environment = TargetEnvironment.Of(examined);
        LinkMap? map = examined.Target is { } open ? LinkMap.Read(open, environment.Preload) : null;
        if (LoadWorld.Refusal(examined, map, Code, library) is { } refusal)
            return [refusal];
        return Predict(examined, examined.Target!, map!, environment);
    }

    private List<Finding> Predict(Examined examined, ObservedTarget target, LinkMap map, TargetEnvironment environment)
    {
        if (map.Objects.FirstOrDefault(each => each.IsCalled(library)) is { } same)
            return [AlreadyLoaded(same, $"its soname is {same.Linkage.SoName ?? same.FileName}")];
        var search = new LibrarySearch(target.Files, environment, map.Program, map.IsMusl);
        if (search.Find(library, null) is not { } path)
            return [Missing(examined, search, map.IsMusl)];
        if (LoadedAs(target, map, path) is { } loaded)
            return [loaded];
        using var files = new FileObjects(target.Files, map.IsMusl);
        var plan = new LoadPlan(search, files, map.Objects, map.IsMusl);
        LinkedObject? root = plan.Add(path);
        if (root is not null)
            Check(examined, map, plan, root);
        if (plan.Problems.Count == 0)
            return [WouldWork(path, plan)];
        return [.. Verdict(plan), .. LoadWorld.Findings(plan.Problems, Code, library, Remedy(map))];
    }

    private static void Check(Examined examined, LinkMap map, LoadPlan plan, LinkedObject root)
    {
        if (root.Linkage.RefusesOpening)
            plan.Report(new LoadProblem("refused", $"{root.Path}: shared object cannot be dlopen()ed", ["DT_FLAGS_1: DF_1_NOOPEN"]));
        foreach (LinkedObject each in plan.Added)
        {
            if (LoadWorld.NoExec(examined, each.Path) is { } problem)
                plan.Report(problem);
            CheckStack(map, plan, each);
        }

        plan.CheckVersions();
        CheckStaticTls(map, plan);
        plan.CheckSymbols([.. map.Objects.Where(each => each.IsInitial)], root, bindsNow: true);
    }

    /// <summary>glibc 2.41 and later no longer make the stacks executable for a library that wants that.</summary>
    private static void CheckStack(LinkMap map, LoadPlan plan, LinkedObject each)
    {
        bool wants = false;
        foreach (ElfProgramHeader header in each.Elf.ProgramHeaders)
            wants |= header.Type == ElfSegmentType.GnuStack && header.Flags.HasFlag(ElfSegmentFlags.Execute);
        bool refuses = map.Objects.Any(loaded => loaded.Linkage.SoName == "libc.so.6" && loaded.Linkage.DefinedVersions.Any(version => version.Version == "GLIBC_2.41"));
        if (wants && refuses)
            plan.Report(new LoadProblem("executable-stack", $"{each.Path}: cannot enable executable stack as shared object requires: Invalid argument", ["PT_GNU_STACK is executable"]));
    }

    private static void CheckStaticTls(LinkMap map, LoadPlan plan)
    {
        ulong used = 0;
        foreach (LinkedObject each in map.Objects.Where(each => !each.IsInitial && each.Linkage.NeedsStaticTls))
            used += LoadWorld.ThreadLocalSize(each);
        foreach (LinkedObject each in plan.Added.Where(each => each.Linkage.NeedsStaticTls && !map.IsMusl))
        {
            ulong size = LoadWorld.ThreadLocalSize(each);
            if (size == 0 || used + size <= StaticTlsSure)
                continue;
            string numbers = string.Create(CultureInfo.InvariantCulture, $"it needs {size} bytes (DF_STATIC_TLS); libraries loaded later took {used}, glibc's reserve is {StaticTlsRoom} unless tunables say otherwise");
            string message = $"{each.Path}: cannot allocate memory in static TLS block";

            // Between the two it depends on what glibc has given to others for speed, which it does not tell.
            plan.Report(new LoadProblem("static-tls", message, [numbers]) { OnlyWhenCalled = used + size <= StaticTlsRoom });
            used += size;
        }
    }

    private Finding? LoadedAs(ObservedTarget target, LinkMap map, string path)
    {
        using var files = new FileObjects(target.Files, map.IsMusl);
        if (files.Open(path, null, isProgram: false, out _) is not { } found)
            return null;

        // The loader knows a library that it has by its soname, then by the file itself.
        if (found.Linkage.SoName is { } soname && map.Objects.FirstOrDefault(each => each.Linkage.SoName == soname && !library.Contains('/', StringComparison.Ordinal)) is { } same)
            return AlreadyLoaded(same, $"{path} has the soname {soname}");
        LinkedObject? file = map.Objects.FirstOrDefault(each => each.Path == path && each.Image is { Module.Deleted: false });
        return file is null ? null : AlreadyLoaded(file, $"{path} is the very file");
    }

    private Finding AlreadyLoaded(LinkedObject same, string proof) => new("dlopen-loaded", Severity.Ok, $"{same.Path} is loaded already: dlopen would give its handle")
    {
        Subject = library,
        Evidence = [proof, $"loaded at {same.Image?.Module.Base}"],
    };

    private Finding Missing(Examined examined, LibrarySearch search, bool isMusl) => new("dlopen-missing", Severity.Problem,
        $"dlopen(\"{library}\") would give 0: {(isMusl ? $"Error loading shared library {library}" : $"{library}: cannot open shared object file")}: No such file or directory")
    {
        Subject = library,
        Evidence = [.. search.Tried.Select(tried => "not in " + tried)],
        Remedy = [$"# it must lie where {LoadWorld.NameOf(examined)} can see it (its own root, its own mounts); give the whole path as seen from there"],
    };

    private Finding WouldWork(string path, LoadPlan plan) => new("dlopen-works", Severity.Ok, $"dlopen(\"{library}\") would load {path}")
    {
        Subject = library,
        Evidence = [.. plan.Added.Select(each => "would load " + each.Path)],
        Facts = [("added", plan.Added.Count)],
    };

    private IEnumerable<Finding> Verdict(LoadPlan plan)
    {
        if (plan.Problems.FirstOrDefault(problem => !problem.OnlyWhenCalled) is not { } first)
        {
            yield return new Finding("dlopen-uncertain", Severity.Warning, $"whether dlopen(\"{library}\") works depends on what can't be seen") { Subject = library, Incomplete = true };
        }
        else
        {
            yield return new Finding("dlopen-fails", Severity.Problem, $"dlopen(\"{library}\") would give 0, and dlerror() \"{first.Message}\"")
            {
                Subject = library,
                Facts = [("problems", plan.Problems.Count)],
            };
        }
    }

    private static string[] Remedy(LinkMap map) => map.Objects.Any(each => each.Image is { Module.Deleted: true })
        ? ["# libraries of the process were replaced since it started: restart it, or give it a library that was built for the old ones"]
        : [];
}
