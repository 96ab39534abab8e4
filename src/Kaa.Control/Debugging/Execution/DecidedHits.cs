using Kaa.Control.Agent;

namespace Kaa.Control.Debugging.Execution;

/// <summary>A hit that was decided, and is told as soon as its thread stands still.</summary>
internal sealed class DecidedHit(ulong address, AgentEvent made, Decided decision, StopReport report)
{
    public ulong Address => address;

    /// <summary>With which its thread waits in the agent.</summary>
    public AgentEvent Made => made;

    public Decided Decision => decision;

    public StopReport Report => report;

    /// <summary>The first one's, as they were when it was decided.</summary>
    public IReadOnlyList<string> Commands { get; } = decision.Met[0].Commands;
}

/// <summary>
/// Hits whose threads could not be stopped yet: each is counted and told once. Of those that a stop left over, what was done in passing is remembered, and nothing else: the breakpoints may be
/// others when the process goes on.
/// </summary>
internal sealed class DecidedHits
{
    private readonly Dictionary<int, DecidedHit> _hits = [];
    private readonly Dictionary<int, DecidedHit> _partly = [];

    public void Add(int tid, DecidedHit hit) => _hits[tid] = hit;

    /// <summary>What was decided of a thread that has come to the address; null where nothing was.</summary>
    /// <param name="made">Null where it stands still.</param>
    public DecidedHit? Take(int tid, ulong address, AgentEvent? made) =>
        _hits.Remove(tid, out DecidedHit? hit) && hit.Address == address && (made is null || made == hit.Made) ? hit : null;

    /// <summary>What of the commands was done in an earlier run for the very hit; null for nothing.</summary>
    public PartlyPassed? TakePartly(int tid, ulong address, Decided now) =>
        _partly.Remove(tid, out DecidedHit? hit) && hit.Address == address && ReferenceEquals(hit.Commands, now.Met[0].Commands) ? hit.Report.Partly : null;

    /// <summary>The process stands still: whoever is not told of comes to his breakpoint anew.</summary>
    public void EndRun()
    {
        foreach ((int tid, DecidedHit hit) in _hits)
        {
            hit.Decision.Undo();
            if (hit.Report.Partly is not null)
                _partly[tid] = hit;
        }

        _hits.Clear();
    }

    /// <summary>The process runs another program.</summary>
    public void Clear()
    {
        _hits.Clear();
        _partly.Clear();
    }
}
