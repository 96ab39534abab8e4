using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>A process that sees other files, pids or users than this shell does: paths and numbers mean something else on either side.</summary>
internal sealed class NamespaceCheck : ICheck
{
    private static readonly (string Name, string Meaning)[] Kinds =
        [("mnt", "mounts (files)"), ("pid", "process ids"), ("user", "users and capabilities"), ("net", "network")];

    public string Subject => "namespaces";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process is not { } process)
            yield break;
        var evidence = new List<string>();
        var host = new HostFacts(examined.Proc);
        bool unknown = false;
        foreach ((string name, string meaning) in Kinds)
        {
            string? ours = host.Link("self/ns/" + name);
            string? theirs = process.Link("ns/" + name);
            unknown |= ours is null || theirs is null;
            if (ours is not null && theirs is not null && ours != theirs)
                evidence.Add($"{meaning}: {theirs}, Kaa's {ours}");
        }

        if (process.Prefix.Length > 0)
            evidence.Add("root directory: " + process.Prefix);
        if (process.Container is { } container)
            evidence.Add("container: " + container);
        if (process.Status.NamespacePids is { Count: > 1 } pids)
            evidence.Add("its pid inside: " + pids[^1].ToString(CultureInfo.InvariantCulture));
        if (evidence.Count > 0)
        {
            yield return new Finding("other-namespaces", Severity.Info, "it lives in a container or root of its own: its paths and pids are not those of this shell; Kaa follows them by itself")
            {
                Evidence = evidence,
                Remedy = ["# its files, as it sees them:", string.Create(CultureInfo.InvariantCulture, $"ls /proc/{process.Pid}/root/")],
            };
        }
        else if (!unknown)
        {
            yield return new Finding("same-namespaces", Severity.Ok, "it sees the same files, pids and users as this shell");
        }
    }
}
