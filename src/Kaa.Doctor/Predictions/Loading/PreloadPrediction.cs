using System.Globalization;
using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Linux.Files;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Loading;

/// <summary>
/// Would a library load if the process were started again with <c>LD_PRELOAD</c>? So its world is that of the files as they are now, in the
/// target's own root, with the environment that the process was started with.
/// </summary>
internal sealed class PreloadPrediction(string file) : ICheck
{
    private const string Code = "preload";

    public string Subject => "LD_PRELOAD";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        TargetEnvironment environment = TargetEnvironment.Of(examined);
        LinkMap? map = examined.Target is { } open ? LinkMap.Read(open, environment.Preload) : null;
        if (LoadWorld.Refusal(examined, map, Code, file) is { } refusal)
            return [refusal];
        List<Finding> findings = [.. Predict(examined, examined.Target!, map!, environment)];
        if (environment.IsSecure)
            findings.Insert(0, Secure(map!));
        return findings;
    }

    private IEnumerable<Finding> Predict(Examined examined, ObservedTarget target, LinkMap map, TargetEnvironment environment)
    {
        using var files = new FileObjects(target.Files, map.IsMusl);
        if (files.Open(map.Program.Path, null, isProgram: true, out LoadProblem? broken) is not { } program)
            return LoadWorld.Findings([broken!], Code, map.Program.Path, []);
        var search = new LibrarySearch(target.Files, environment, program, map.IsMusl);
        if (search.Find(file, program) is not { } path)
            return [Missing(examined, search)];

        // The loader's order: the program, what is preloaded, then what they need.
        var plan = new LoadPlan(search, files, [program], map.IsMusl);
        if (plan.Add(path, program) is not { } root)
            return [Ignored(plan.Problems[0], path)];
        var own = new HashSet<LinkedObject>(plan.Added);
        foreach (string needed in program.Linkage.Needed)
        {
            if (plan.Resolve(needed) is null && search.Find(needed, program) is { } library)
                plan.Add(library, program);
        }

        Check(examined, plan, program, root, environment.BindsNow);
        LoadProblem[] problems = [.. plan.Problems];
        Finding[] told = [.. LoadWorld.Findings(problems, Code, file, [])];
        return problems.Any(problem => !problem.OnlyWhenCalled) ? told : [.. told, Works(path, own), Interposed(examined, map, program, root)];
    }

    private static void Check(Examined examined, LoadPlan plan, LinkedObject program, LinkedObject root, bool bindsNow)
    {
        if (LoadWorld.NoExec(examined, root.Path) is { } noexec)
            plan.Report(noexec);
        plan.CheckVersions();
        plan.CheckSymbols([program, .. plan.Added], root, bindsNow);
    }

    private Finding Missing(Examined examined, LibrarySearch search)
    {
        using Stream? here = HostFiles.OpenRead(file);
        string[] evidence = [.. search.Tried.Select(tried => "not in " + tried)];
        string why = here is null ? "" : ": it is on this machine, but not in the root of the process";
        return new Finding("preload-missing", Severity.Problem, $"object '{file}' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored{why}")
        {
            Subject = file,
            Evidence = evidence,
            Remedy = here is null || examined.Process is not { } process ? [] :
                [string.Create(CultureInfo.InvariantCulture, $"cp {file} /proc/{process.Pid}/root/tmp/"), $"# then give /tmp/{file[(file.LastIndexOf('/') + 1)..]}"],
        };
    }

    /// <summary>What is no library is passed over, and the program starts without it.</summary>
    private Finding Ignored(LoadProblem problem, string path)
    {
        string reason = problem.Message.StartsWith(path + ": ", StringComparison.Ordinal) ? problem.Message[(path.Length + 2)..] : problem.Message;
        return new Finding($"{Code}-{problem.Code}", Severity.Problem, $"object '{file}' from LD_PRELOAD cannot be preloaded ({reason}): ignored")
        {
            Subject = file,
            Evidence = problem.Evidence,
        };
    }

    private Finding Secure(LinkMap map) => new("preload-secure", Severity.Problem, "the program runs with more rights than its caller (AT_SECURE): the loader ignores LD_PRELOAD paths")
    {
        Subject = file,
        Evidence = ["auxv: AT_SECURE is 1", $"{map.Program.Path} is set-uid, set-gid or has file capabilities"],
        Remedy = ["# start it as the user that it becomes; or name it in /etc/ld.so.preload, which counts for all programs"],
    };

    private Finding Works(string path, HashSet<LinkedObject> own) => new("preload-works", Severity.Ok, $"{path} would load")
    {
        Subject = file,
        Evidence = [.. own.Select(each => "would load " + each.Path)],
    };

    /// <summary>Which of its names it would take over, and which it would not, as the program has them itself.</summary>
    private Finding Interposed(Examined examined, LinkMap map, LinkedObject program, LinkedObject root)
    {
        const int Most = 12;
        // The same library, loaded as something that is needed, only comes earlier.
        LinkedObject[] others = [.. map.Objects.Where(each => each.Linkage.SoName is null || each.Linkage.SoName != root.Linkage.SoName)];
        string[] names = [.. root.ExportedNames.Where(name => others.Any(each => each.Exports(name).Count > 0)).OrderBy(name => name.StartsWith('_')).ThenBy(name => name, StringComparer.Ordinal)];
        string[] lost = [.. names.Where(name => program.Exports(name).Count > 0)];
        string[] already = [.. names.Where(name => others.Any(each => each.Exports(name).Count > 0 && Preloaded(map, each)))];
        string pid = examined.Pid is { } number ? number.ToString(CultureInfo.InvariantCulture) : "PID";
        var evidence = new List<string>();
        if (names.Length > 0)
            evidence.Add("defined by it and in the process too: " + string.Join(", ", names.Take(Most)) + (names.Length > Most ? ", …" : ""));
        if (lost.Length > 0)
            evidence.Add("the program itself defines, and its definition comes first: " + string.Join(", ", lost.Take(Most)));
        if (already.Length > 0)
            evidence.Add("another preloaded library has it already: " + string.Join(", ", already.Take(Most)));
        string title = string.Create(CultureInfo.InvariantCulture, $"{names.Length - lost.Length} of the {root.ExportedNames.Count} names that it exports would take the place of others");
        return new Finding("preload-interposes", lost.Length > 0 ? Severity.Warning : Severity.Info, title)
        {
            Subject = file,
            Evidence = evidence,
            Remedy = [.. names.Take(1).Select(name => $"kaa doctor {pid} --interpose {name}")],
            Facts = [("exports", root.ExportedNames.Count), ("interposed", names.Length - lost.Length), ("shadowed", lost.Length)],
        };
    }

    private static bool Preloaded(LinkMap map, LinkedObject each) =>
        !each.IsProgram && each.IsInitial && !LinkMap.Closure(map.Program, map.Objects).Contains(each) && !each.FileName.StartsWith("ld-", StringComparison.Ordinal);
}
