using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>
/// Would a crash of this process leave a core, where, and with what in it (core(5); do_coredump, fs/coredump.c)? All that stands in the way is
/// told, since the first of it alone hides the rest.
/// </summary>
internal sealed class CoreDumpCheck : ICheck
{
    public string Subject => "cores of crashes";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process is not { } process || process.Status.State is 'Z' or 'X')
            yield break;
        var host = new HostFacts(examined.Proc);
        if (host.Text("sys/kernel/core_pattern") is not { } pattern || ResourceLimit.Of(process, "Max core file size") is not { } limit)
            yield break;
        var place = CorePlace.Of(process, host, pattern);
        var hindrances = new List<Finding>();
        if (LimitFinding(process, limit, place, host.Self?.Uid.Effective == process.Status.Uid.Effective) is { } byLimit)
            hindrances.Add(byLimit);
        if (DumpableFinding(examined, process, host, place) is { } byDumpable)
            hindrances.Add(byDumpable);
        if (place.Hindrance is { } byPlace)
            hindrances.Add(byPlace);
        hindrances.AddRange(CoreContent.Examine(process));
        foreach (Finding hindrance in hindrances)
            yield return hindrance;
        bool wouldFail = hindrances.Exists(finding => finding.Severity >= Severity.Warning);
        yield return new Finding("core-place", wouldFail ? Severity.Info : Severity.Ok, (wouldFail ? "a core of a crash would go to " : "a crash would leave a core: ") + place.Description)
        {
            Evidence = place.Evidence,
            Subject = place.Path,
        };
    }

    /// <summary>
    /// A handler gets the core whatever the limit is, but 1 (do_coredump); systemd-coredump and apport obey the limit all the same, by what %c tells
    /// them.
    /// </summary>
    private static Finding? LimitFinding(ProcessFolder process, ResourceLimit limit, CorePlace place, bool isOwn)
    {
        ulong size = process.Status.ResidentSize ?? 0;
        bool isSmall = limit.Soft is { } soft && soft < Math.Max(size, 1);
        if (!isSmall)
            return null;
        string pid = process.Pid.ToString(CultureInfo.InvariantCulture);
        bool isZero = limit.Soft == 0;
        string title = isZero ? "RLIMIT_CORE is 0: a crash leaves no core" : "RLIMIT_CORE is less than the process has in memory: its core would be cut short";
        if (place.IsHandler && isZero)
            title = "RLIMIT_CORE is 0: the kernel calls the handler, but systemd-coredump and apport keep no core then";
        return new Finding("core-limit", Severity.Warning, title)
        {
            Evidence = [limit.Line, string.Create(CultureInfo.InvariantCulture, $"in memory: {size >> 20} MiB")],
            Remedy =
            [
                limit.Hard is null && isOwn ? $"prlimit --pid {pid} --core=unlimited" : $"sudo prlimit --pid {pid} --core=unlimited{(limit.Hard is null ? "" : ":unlimited")}",
                "# for the next start: ulimit -c unlimited, LimitCORE=infinity in its systemd unit, docker run --ulimit core=-1",
            ],
        };
    }

    private static Finding? DumpableFinding(Examined examined, ProcessFolder process, HostFacts host, CorePlace place)
    {
        if (AccessFacts.Collect(examined.Proc, process.Pid) is not { NonDumpable: true })
            return null;
        string setting = host.Text("sys/fs/suid_dumpable") ?? "unknown";

        // fs.suid_dumpable 2: as root only, and only to a handler or an absolute path.
        if (setting == "1" || setting == "2" && (place.IsHandler || place.IsAbsolute))
            return null;
        return new Finding("core-not-dumpable", Severity.Warning, "the process is not dumpable (setuid, file capabilities, changed user or prctl): a crash leaves no core")
        {
            Evidence = ["its /proc files belong to root though it does not run as root", $"fs.suid_dumpable = {setting}"],
            Remedy = ["# lets it dump, readable for root only, where core_pattern is a handler or an absolute path:", "sudo sysctl fs.suid_dumpable=2"],
        };
    }
}
