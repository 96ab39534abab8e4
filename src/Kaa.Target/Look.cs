using Kaa.Formats;

namespace Kaa.Target;

/// <summary>One moment of the target: memory that stands still for the threads that are wanted, and what the kernel says of each.</summary>
public sealed class Look
{
    private readonly HashSet<int> _missed = [];

    public Look(IMemory memory, IReadOnlyList<TargetThread> threads, IReadOnlySet<int>? wanted, int pass)
    {
        Memory = memory;
        Threads = threads;
        Wanted = wanted;
        Pass = pass;
    }

    /// <summary>Cached for this look only. Throws <see cref="TargetFault"/> with <see cref="FaultReason.Budget"/> once its time is up.</summary>
    public IMemory Memory { get; }

    /// <summary>All threads of the target, wanted or not.</summary>
    public IReadOnlyList<TargetThread> Threads { get; }

    /// <summary>The tids to be read now; null for all. Others were read in an earlier pass and had not moved.</summary>
    public IReadOnlySet<int>? Wanted { get; }

    /// <summary>Counted from 0.</summary>
    public int Pass { get; }

    /// <summary>What <see cref="Again"/> was called for.</summary>
    public IReadOnlySet<int> Missed => _missed;

    public bool Wants(int tid) => Wanted is null || Wanted.Contains(tid);

    /// <summary>
    /// For a thread that is not wanted now but was not found when it was: the list that led to it was just being changed. Another pass will
    /// want it, if there can be one; else it counts as moving.
    /// </summary>
    public void Again(int tid) => _missed.Add(tid);
}

/// <summary>Reads threads while they stand still. Called once for a core, and up to a few times for a process in which threads moved.</summary>
public interface ILookObserver
{
    /// <summary>
    /// Reads the wanted threads into results of its own, by tid; a later pass replaces what an earlier one read for a tid.
    /// Whatever may be freed when the target goes on (names, lines, locals) is read here; nothing else is done here.
    /// </summary>
    void Read(Look look);
}

public sealed record LookOptions
{
    /// <summary>No thread is stopped, whatever it does.</summary>
    public bool NonBlocking { get; init; }

    /// <summary>Called before the first thread is stopped: what must be in place for the stop to come to its end whatever happens to Kaa.</summary>
    public Action? BeforeStopping { get; init; }

    /// <summary>The longest that any thread may stand still because of this look.</summary>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Threads that matter to the reader; null for all. Those that do not are neither stopped nor proved to stand still.</summary>
    public IReadOnlySet<int>? Only { get; init; }

    /// <summary>Threads whose registers are needed: stopped though they sleep, where the call that they sleep in can bear it.</summary>
    public IReadOnlySet<int>? Stop { get; init; }
}

/// <param name="PauseMicroseconds">Longest time that any thread stood still; null for a core.</param>
/// <param name="Threads">Threads as of the pass in which each was settled.</param>
/// <param name="Moving">Tids that never stood still while they were read: their stacks may be torn.</param>
/// <param name="Passes">How often the observer was called.</param>
public sealed record LookResult(
    long? PauseMicroseconds, IReadOnlyList<TargetThread> Threads, IReadOnlySet<int> Moving, int Passes)
{
    /// <summary>This one, with what a second look at some of the threads found of them.</summary>
    public LookResult With(LookResult later, IReadOnlySet<int> tids)
    {
        var threads = new List<TargetThread>(Threads.Count);
        foreach (TargetThread thread in Threads)
        {
            if (!tids.Contains(thread.Tid))
                threads.Add(thread);
        }

        var moving = new HashSet<int>(Moving);
        moving.ExceptWith(tids);
        foreach (TargetThread thread in later.Threads)
        {
            if (!tids.Contains(thread.Tid))
                continue;
            threads.Add(thread);
            if (later.Moving.Contains(thread.Tid))
                moving.Add(thread.Tid);
        }

        long? pause = PauseMicroseconds is null ? null : Math.Max(PauseMicroseconds.Value, later.PauseMicroseconds ?? 0);
        return new LookResult(pause, threads, moving, Passes + later.Passes);
    }
}
