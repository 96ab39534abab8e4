using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <param name="Pid">As seen from here.</param>
/// <param name="InnerPid">As the process itself sees it; null where that is the same.</param>
public readonly record struct PidCandidate(int Pid, int? InnerPid);

/// <summary>A number that somebody typed → the processes that it may mean: a pid of this side, or one from inside a container.</summary>
public static class PidResolver
{
    /// <summary>The process with that pid here, first, and all that have it in their own pid namespace. Empty where there is none.</summary>
    public static IReadOnlyList<PidCandidate> Candidates(int pid) => Candidates(ProcRoot.System, pid);

    public static IReadOnlyList<PidCandidate> Candidates(ProcRoot proc, int pid)
    {
        var text = new KernelText();
        var candidates = new List<PidCandidate>();
        foreach (int other in PidDirectory.List(proc))
        {
            if (!text.TryRead(proc.Of(other, "status"), out ReadOnlySpan<byte> status) || status.IsEmpty)
                continue;
            IReadOnlyList<int> ids = StatusParser.Parse(status).NamespacePids;
            int? inner = ids.Count > 1 ? ids[^1] : null;
            if (other == pid)
                candidates.Insert(0, new PidCandidate(other, inner));
            else if (inner == pid)
                candidates.Add(new PidCandidate(other, inner));
        }

        return candidates;
    }
}
