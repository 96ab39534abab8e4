using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>May this process be read and stopped from here, and if not, by which rule of the kernel?</summary>
internal sealed class AccessCheck : ICheck
{
    private const int PermissionDenied = 1; // EPERM

    public string Subject => "permission to look";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process is not { } process || AccessFacts.Collect(examined.Proc, process.Pid) is not { } facts)
            yield break;
        if (examined.Refusal is { Code: "not-permitted" })
        {
            yield return Refused(AccessDenial.Of(facts, PermissionDenied), facts, process);
            yield break;
        }

        if (examined.Refusal is { } other && other.Code is not ("zombie" or "foreign-architecture"))
        {
            yield return new Finding(other.Code, Severity.Problem, other.Message) { Evidence = Evidence(facts), Remedy = other.Hint is { } hint ? ["# " + hint] : [] };
            yield break;
        }

        if (examined.Refusal is null)
        {
            string by = Capabilities.Has(facts.Self.EffectiveCapabilities, Capabilities.Trace) ? "CAP_SYS_PTRACE" : "the same user";
            yield return new Finding("access-ok", Severity.Ok, $"Kaa may read this process ({by})") { Evidence = Evidence(facts) };
        }
    }

    private static Finding Refused(AccessDenial denial, AccessFacts facts, ProcessFolder process) =>
        new(CodeOf(denial.Reason), Severity.Problem, "nobody with these rights may read or trace it: " + denial.Message)
        {
            Evidence = [.. Evidence(facts), "interpreter, files and symbols of it are unknown for that"],
            Remedy = RemedyOf(denial, facts, process),
            Incomplete = true,
        };

    private static List<string> Evidence(AccessFacts facts)
    {
        var lines = new List<string> { Line("Kaa", facts.Self), Line("process", facts.Target) };
        if (facts.YamaScope is { } scope)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"kernel.yama.ptrace_scope = {scope}"));
        if (facts.NonDumpable)
            lines.Add("the files of its /proc directory belong to root: it is not dumpable");
        if (facts.OtherUserNamespace == true)
            lines.Add("its user namespace is another one than Kaa's");
        return lines;
    }

    private static string Line(string who, ProcessStatus status) => string.Create(
        CultureInfo.InvariantCulture,
        $"{who}: uid {Ids(status.Uid)}, gid {Ids(status.Gid)}, CapPrm {status.PermittedCapabilities:x}, CapEff {status.EffectiveCapabilities:x}, seccomp {status.Seccomp?.ToString().ToLowerInvariant() ?? "unknown"}");

    private static string Ids(Credential id) => id.Real == id.Effective && id.Real == id.Saved
        ? id.Real.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{id.Real}/{id.Effective}/{id.Saved}");

    private static string CodeOf(DenialReason reason) => reason switch
    {
        DenialReason.OtherUser => "access-other-user",
        DenialReason.YamaDescendants or DenialReason.YamaAdministrators or DenialReason.YamaNobody => "access-yama",
        DenialReason.MissingCapability => "access-capability",
        DenialReason.NonDumpable => "access-not-dumpable",
        DenialReason.Seccomp => "access-seccomp",
        DenialReason.UserNamespace => "access-user-namespace",
        DenialReason.MoreCapabilities => "access-more-capabilities",
        _ => "access-security-module",
    };

    private static string[] RemedyOf(AccessDenial denial, AccessFacts facts, ProcessFolder process)
    {
        string pid = process.Pid.ToString(CultureInfo.InvariantCulture);
        string asRoot = $"sudo kaa bt {pid}";
        return denial.Reason switch
        {
            DenialReason.OtherUser => [asRoot, "# or as that user:", string.Create(CultureInfo.InvariantCulture, $"sudo -u '#{facts.Target.Uid.Real}' -g '#{facts.Target.Gid.Real}' kaa bt {pid}")],
            DenialReason.YamaDescendants or DenialReason.YamaAdministrators =>
                [asRoot, "# or for every debugger, until the next boot (for good: a file in /etc/sysctl.d):", "sudo sysctl kernel.yama.ptrace_scope=0"],
            DenialReason.YamaNobody => ["# it can't be lowered while the machine runs; set it for the next boot, then reboot:",
                "echo kernel.yama.ptrace_scope=1 | sudo tee /etc/sysctl.d/10-ptrace.conf", "grep -rn ptrace_scope /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d"],
            DenialReason.MissingCapability when facts.InContainer => ContainerRemedy.Of(process),
            DenialReason.MissingCapability => ["# this shell's root lacks CAP_SYS_PTRACE; use a login that has it, see:", "capsh --print"],
            DenialReason.MoreCapabilities when facts.InContainer => ContainerRemedy.Of(process),
            DenialReason.Seccomp => ["# a seccomp filter on Kaa itself:", .. ContainerRemedy.Of(process)],
            DenialReason.UserNamespace => ["# as root of the host, or inside that namespace:", asRoot, $"sudo nsenter --target {pid} --user --pid --mount kaa ps"],
            DenialReason.SecurityModule => ["# SELinux, AppArmor or Landlock; the log says which rule:", "sudo ausearch -m avc -ts recent || sudo dmesg | grep -i -e apparmor -e denied",
                .. facts.InContainer ? ContainerRemedy.Of(process) : []],
            _ => [asRoot],
        };
    }
}
