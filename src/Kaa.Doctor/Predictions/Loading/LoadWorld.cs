using System.Globalization;
using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;

namespace Kaa.Doctor.Predictions.Loading;

/// <summary>What both predictions about loading a library say of the process first, and last.</summary>
internal static class LoadWorld
{
    /// <summary>Why nothing can be loaded into this process; null where something can.</summary>
    /// <param name="prefix">Of the codes.</param>
    public static Finding? Refusal(Examined examined, LinkMap? map, string prefix, string subject)
    {
        if (examined.Target is null)
        {
            UserError? refusal = examined.Refusal;
            return new Finding(prefix + "-unknown", Severity.Warning, refusal is null ? "there is no process to predict it for" : $"the process can't be looked at: {refusal.Message}")
            {
                Subject = subject,
                Incomplete = true,
                Remedy = refusal?.Hint is { } hint ? ["# " + hint] : [],
            };
        }

        return map is not null ? null : new Finding(prefix + "-static-program", Severity.Problem, "the program has no dynamic loader: it is static, LD_PRELOAD and dlopen do nothing to it")
        {
            Subject = subject,
            Evidence = ["no loaded program has a dynamic section in which a loader has put its list (DT_DEBUG)"],
        };
    }

    /// <summary>The mount that a path of the process lies on, where it does not allow code; null elsewhere.</summary>
    public static LoadProblem? NoExec(Examined examined, string path)
    {
        string? best = null;
        bool isNoExec = false;
        foreach (string line in (examined.Process?.Text("mountinfo") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // proc(5), mountinfo: id, parent, device, root, mount point, options, …; blanks are written as \040.
            string[] words = line.Split(' ');
            if (words.Length < 6 || words[4].Replace("\\040", " ", StringComparison.Ordinal) is not { } point || !Holds(point, path))
                continue;
            if (best is not null && point.Length < best.Length)
                continue;
            best = point;
            isNoExec = Array.IndexOf(words[5].Split(','), "noexec") >= 0;
        }

        return !isNoExec ? null : new LoadProblem("noexec", $"{path}: failed to map segment from shared object", [$"mountinfo: {best} is mounted noexec"]);
    }

    /// <summary>Each problem as a finding; the first is what the loader would say.</summary>
    public static IEnumerable<Finding> Findings(IReadOnlyList<LoadProblem> problems, string prefix, string subject, IReadOnlyList<string> remedy)
    {
        foreach (IGrouping<string, LoadProblem> kind in problems.GroupBy(problem => problem.OnlyWhenCalled ? problem.Code + " later" : problem.Code, StringComparer.Ordinal))
        {
            const int Most = 12;
            LoadProblem[] all = [.. kind];
            string more = all.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $" (and {all.Length - 1} more)") : "";
            string later = all[0].OnlyWhenCalled ? ", when it is first called" : "";
            IEnumerable<string> evidence = all.Length == 1 ? all[0].Evidence : all.Take(Most).SelectMany(problem => problem.Evidence.Prepend(problem.Message));
            yield return new Finding($"{prefix}-{all[0].Code}", all[0].OnlyWhenCalled ? Severity.Warning : Severity.Problem, all[0].Message + more + later)
            {
                Subject = subject,
                Evidence = [.. evidence],
                Remedy = remedy,
                Facts = [("count", all.Length)],
            };
        }
    }

    /// <summary>Size of the thread-local data that a library brings; 0 for none.</summary>
    public static ulong ThreadLocalSize(LinkedObject library)
    {
        foreach (ElfProgramHeader header in library.Elf.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.ThreadLocal)
                return header.MemorySize;
        }

        return 0;
    }

    public static string NameOf(Examined examined) => examined.Process is { } process ? "process " + process.Pid.ToString(CultureInfo.InvariantCulture) : "the process";

    private static bool Holds(string point, string path) => point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);
}
