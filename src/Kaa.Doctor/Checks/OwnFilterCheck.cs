using System.Globalization;
using Kaa.Linux.Access;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>A seccomp filter on Kaa, as a container's runtime or a service manager lays it.</summary>
internal sealed class OwnFilterCheck : ICheck
{
    public string Subject => "seccomp of Kaa itself";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        string? read = CallProbe.ReadRefusal();
        string? trace = CallProbe.TraceRefusal();
        if (read is null && trace is null)
            yield break;
        List<string> evidence = [string.Create(CultureInfo.InvariantCulture, $"Seccomp: {(int?)new HostFacts(examined.Proc).Self?.Seccomp ?? -1}")];
        if (read is not null)
            evidence.Add($"process_vm_readv of nothing: {read}");
        if (trace is not null)
            evidence.Add($"ptrace of no process: {trace}");
        yield return new Finding(
            "kaa-seccomp", read is null ? Severity.Warning : Severity.Problem,
            read is null
                ? "a seccomp filter on Kaa forbids ptrace: running threads can't be stopped, and are read as they run"
                : "a seccomp filter on Kaa forbids process_vm_readv: memory is read through /proc/PID/mem, where that is allowed")
        {
            Evidence = evidence,
            Remedy = ContainerRemedy.Of(null),
        };
    }
}
