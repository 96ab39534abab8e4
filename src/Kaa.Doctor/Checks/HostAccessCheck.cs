using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>What this machine and this shell allow, whatever the process: Yama, capabilities, seccomp, hidden processes, a container around Kaa.</summary>
internal sealed class HostAccessCheck : ICheck
{
    /// <summary>PROC_PID_INIT_INO of include/linux/proc_ns.h. A /proc of the container's own names no pids further out.</summary>
    private const string InitialPids = "pid:[4026531836]";

    public string Subject => "rights of this shell";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        var host = new HostFacts(examined.Proc);
        if (host.Self is not { } self)
            yield break;
        bool isCapable = Capabilities.Has(self.EffectiveCapabilities, Capabilities.Trace);
        yield return Yama(host.YamaScope, isCapable);
        yield return Capability(self, isCapable, host);
        if (Hidden(host) is { } hidden)
            yield return hidden;
        string? pids = host.Link("self/ns/pid");
        if (self.NamespacePids.Count > 1 || (pids is not null && pids != InitialPids))
        {
            yield return new Finding("kaa-in-container", Severity.Info, "Kaa runs in a container: it sees the processes of this container only")
            {
                Evidence = ["NSpid: " + string.Join(' ', self.NamespacePids), "pid namespace: " + (pids ?? "unknown")],
                Remedy = ["# on the host:", "sudo kaa ps"],
            };
        }
    }

    private static Finding Yama(int? scope, bool isCapable)
    {
        if (scope is null)
            return new Finding("yama", Severity.Ok, "Yama restricts nothing: this kernel has none") { Evidence = ["/proc/sys/kernel/yama: not there"] };
        string evidence = string.Create(CultureInfo.InvariantCulture, $"kernel.yama.ptrace_scope = {scope}");
        (Severity severity, string title) = scope switch
        {
            0 => (Severity.Ok, "Yama restricts nothing"),
            1 => (isCapable ? Severity.Ok : Severity.Warning, "Yama lets a debugger look at its own children only, unless it has CAP_SYS_PTRACE"),
            2 => (isCapable ? Severity.Ok : Severity.Problem, "Yama lets only debuggers with CAP_SYS_PTRACE look"),
            _ => (Severity.Problem, "Yama lets nobody look at another process, root included, until the next boot"),
        };
        string[] remedy = scope >= 3
            ? ["echo kernel.yama.ptrace_scope=1 | sudo tee /etc/sysctl.d/10-ptrace.conf", "# then reboot"]
            : ["# run Kaa with sudo, or until the next boot:", "sudo sysctl kernel.yama.ptrace_scope=0"];
        return new Finding("yama", severity, title) { Evidence = [evidence], Remedy = severity == Severity.Ok ? [] : remedy };
    }

    private static Finding Capability(ProcessStatus self, bool isCapable, HostFacts host)
    {
        string[] evidence =
        [
            string.Create(CultureInfo.InvariantCulture, $"uid {self.Uid.Effective}, CapEff {self.EffectiveCapabilities:x}"),
            "user namespace " + (host.Link("self/ns/user") ?? "unknown") + ", uid_map " + string.Join(' ', (host.Text("self/uid_map") ?? "unknown").Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
        if (isCapable)
        {
            string where = IsInitial(host) ? "" : ", in its own user namespace";
            return new Finding("trace-capability", Severity.Ok, "Kaa has CAP_SYS_PTRACE" + where) { Evidence = evidence };
        }

        bool isRoot = self.Uid.Effective == 0;
        return new Finding(
            "trace-capability", isRoot ? Severity.Problem : Severity.Info,
            isRoot ? "Kaa runs as root without CAP_SYS_PTRACE: it can look at few processes" : "Kaa has no CAP_SYS_PTRACE: it can look at processes of this user only")
        {
            Evidence = evidence,
            Remedy = isRoot ? ContainerRemedy.Of(null) : ["sudo kaa ps"],
        };
    }

    /// <summary>proc(5), hidepid: other users' processes are not even named.</summary>
    private static Finding? Hidden(HostFacts host)
    {
        foreach (string line in (host.Text("self/mounts") ?? "").Split('\n'))
        {
            string[] fields = line.Split(' ');
            if (fields.Length > 3 && fields[1] == "/proc" && fields[3].Contains("hidepid=", StringComparison.Ordinal) && !fields[3].Contains("hidepid=0", StringComparison.Ordinal)
                && !fields[3].Contains("hidepid=off", StringComparison.Ordinal))
            {
                return new Finding("proc-hidepid", Severity.Warning, "/proc hides processes of other users")
                {
                    Evidence = [line],
                    Remedy = ["# as root they are all seen:", "sudo kaa ps"],
                };
            }
        }

        return null;
    }

    /// <summary>The initial user namespace maps all ids to themselves (user_namespaces(7)).</summary>
    private static bool IsInitial(HostFacts host) =>
        (host.Text("self/uid_map") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["0", "0", "4294967295"];
}
