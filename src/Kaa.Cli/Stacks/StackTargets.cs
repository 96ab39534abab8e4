using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <param name="Pid">As seen from here; 0 for a core.</param>
/// <param name="IsChild">Nobody named it: --subprocesses found it.</param>
/// <param name="Note">What a reader should know of how it was chosen.</param>
/// <param name="Core">Path of a core file; null for a process.</param>
internal sealed record StackTarget(int Pid, bool IsChild = false, Note? Note = null, string? Core = null)
{
    /// <summary>As messages name it.</summary>
    public override string ToString() => Core is null ? string.Create(CultureInfo.InvariantCulture, $"process {Pid}") : "core " + Core;
}

/// <summary>The processes that the command line means.</summary>
internal static class StackTargets
{
    public static IReadOnlyList<StackTarget> Of(StackRequest request)
    {
        var targets = new List<StackTarget>();
        ProcessList? processes = request.Subprocesses ? ProcessList.Take() : null;
        foreach (int pid in request.Pids)
        {
            StackTarget target = Resolve(pid);
            targets.Add(target);
            foreach (ProcessFacts child in processes?.Descendants(target.Pid) ?? [])
                targets.Add(new StackTarget(child.Pid, IsChild: true));
        }

        foreach (string core in request.Cores)
            targets.Add(new StackTarget(0, Core: core));
        return [.. targets.DistinctBy(target => (target.Pid, target.Core))];
    }

    /// <summary>A pid of this side; where there is no such process, one that has this pid in its container.</summary>
    public static StackTarget Resolve(int pid)
    {
        if (Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}")))
            return new StackTarget(pid);
        IReadOnlyList<PidCandidate> candidates = PidResolver.Candidates(pid);
        if (candidates.Count <= 1)
        {
            return candidates is [var only]
                ? new StackTarget(only.Pid, Note: new Note("container-pid", $"{pid} is the pid in its container; here it is {only.Pid}", null))
                : new StackTarget(pid);
        }

        string pids = string.Join(", ", candidates.Select(candidate => candidate.Pid));
        throw new UserError("ambiguous-pid", $"there is no process {pid} here, but several containers have one", $"give one of their pids here: {pids}");
    }
}
