using System.Globalization;
using Kaa.Doctor.Packages;
using Kaa.Linux.Processes;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Checks;

/// <summary>
/// Programs and libraries that were deleted or replaced under the running process, mostly by an upgrade. gdb reads what is at the path now, without
/// comparing builds, and its symbols lie; what the process loads from now on meets libraries of another build in memory.
/// </summary>
internal sealed class MappedFilesCheck : ICheck
{
    private const int Shown = 8;
    private const double Day = 86_400;

    public string Subject => "mapped files";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined is not { Process: { } process, Target: { } target })
            yield break;
        var changed = new List<MappedFileState>();
        int count = 0;
        foreach (Module module in target.Modules.Modules)
        {
            if (MappedFileState.Of(module, target, process.Root) is not { } state)
                continue;
            count++;
            if (state.Fate != MappedFileFate.Same && !changed.Exists(known => known.Module.Path == module.Path))
                changed.Add(state);
        }

        if (changed.Count == 0)
        {
            if (count > 0)
                yield return new Finding("mapped-files-ok", Severity.Ok, $"the {count} programs and libraries that it has mapped are those at their paths");
            yield break;
        }

        PackageDatabase? packages = PackageDatabase.Of(process.Root);
        IReadOnlyDictionary<string, InstalledPackage> owners = packages?.OwnersOf([.. changed.Select(state => state.Module.Path)]) ?? new Dictionary<string, InstalledPackage>();
        foreach (IGrouping<(MappedFileFate, InstalledPackage?), MappedFileState> group in changed.GroupBy(state => (state.Fate, owners.GetValueOrDefault(state.Module.Path))))
            yield return Describe(group.Key.Item1, group.Key.Item2, [.. group], packages, process, target);
    }

    private static Finding Describe(
        MappedFileFate fate, InstalledPackage? owner, MappedFileState[] files, PackageDatabase? packages, ProcessFolder process, ObservedTarget target)
    {
        var evidence = new List<string>();
        foreach (MappedFileState file in files.AsSpan(0, Math.Min(Shown, files.Length)))
            evidence.Add($"{file.Module.Path}: {file.Evidence}");
        if (files.Length > Shown)
            evidence.Add($"and {files.Length - Shown} more");
        if (owner is not null)
            evidence.Add($"installed now: {owner} ({packages!.Manager})");
        evidence.AddRange(Log(owner, packages, target.StartedAt));
        string what = files.Length == 1 ? files[0].Module.FileName : string.Create(CultureInfo.InvariantCulture, $"{files.Length} mapped files");
        string by = (owner is null ? "" : " of package " + owner.Name) + (files.Length == 1 ? " was" : " were");
        (string code, Severity severity, string title) = fate switch
        {
            MappedFileFate.Deleted => ("mapped-file-deleted", Severity.Warning, $"{what}{by} deleted under the process: gdb has no symbols for it, Kaa reads it from memory"),
            MappedFileFate.Reinstalled => ("mapped-file-reinstalled", Severity.Info, $"{what}{by} replaced by another copy of the same build: harmless"),
            MappedFileFate.Overwritten => ("mapped-file-overwritten", Severity.Problem, $"{what}{by} overwritten in place: the process runs a mix of two builds, and will crash sooner or later"),
            _ => ("mapped-file-replaced", Severity.Problem, $"{what}{by} replaced by another build under the process: gdb takes symbols of the wrong build, dlopen and imports can fail; Kaa reads what is mapped"),
        };
        return new Finding(code, severity, title)
        {
            Evidence = evidence,
            Remedy = fate == MappedFileFate.Reinstalled ? [] : Remedy(owner, files[0].Module.Path, packages, process),
            Subject = owner?.Name ?? (files.Length == 1 ? files[0].Module.Path : null),
        };
    }

    private static IEnumerable<string> Log(InstalledPackage? owner, PackageDatabase? packages, double? started)
    {
        if (owner is null || packages is null)
            yield break;
        IReadOnlyList<PackageEvent> events = packages.EventsOf(owner.Name);

        // The log has the local time of its machine: a day's tolerance.
        PackageEvent[] since = [.. events.Where(one => one.At is { } at && started is { } start && at > start - Day).TakeLast(3)];
        foreach (PackageEvent one in since)
            yield return "dpkg.log: " + one.Line;
        if (since.Length == 0 && events.Count > 0)
            yield return "dpkg.log has no entry of it since the process started; the last one: " + events[^1].Line;
        if (started is { } time)
            yield return "the process started " + DateTime.UnixEpoch.AddSeconds(time).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
    }

    private static List<string> Remedy(InstalledPackage? owner, string path, PackageDatabase? packages, ProcessFolder process)
    {
        var lines = new List<string> { "# Kaa shows the same stacks as before; look first, then restart the process:" };
        lines.Add(process.Unit is { } unit ? "sudo systemctl restart " + ShellWord.Of(unit) : process.Container is { } container ? "docker restart " + container : string.Create(CultureInfo.InvariantCulture, $"kaa bt {process.Pid}"));
        if (owner is null && packages is not null)
            lines.AddRange([$"# who brought the file, and what was changed when ({packages.Manager}):", packages.OwnerCommand(path), packages.HistoryCommand]);
        return lines;
    }
}
