using System.Text;
using Kaa.Results;

namespace Kaa.Python.Waits;

/// <summary>Finds the rings in "thread waits for thread". Each thread waits for at most one, so a ring is found by walking.</summary>
public static class DeadlockFinder
{
    public static IReadOnlyList<Deadlock> Find(IReadOnlyList<ThreadStack> threads)
    {
        var waiting = new Dictionary<int, ThreadStack>();
        foreach (ThreadStack thread in threads)
        {
            if (thread is { Tid: { } tid, WaitingFor.OwnerTid: not null })
                waiting[tid] = thread;
        }

        var deadlocks = new List<Deadlock>();
        var seen = new HashSet<int>();
        foreach (ThreadStack thread in threads)
        {
            if (thread.Tid is { } tid && RingFrom(tid, waiting, seen) is { } ring)
                deadlocks.Add(new Deadlock(ring.ConvertAll(member => member.Tid!.Value), Describe(ring)));
        }

        return deadlocks;
    }

    /// <summary>Walks from one thread to the next until one comes again; <paramref name="seen"/> has those of earlier walks.</summary>
    private static List<ThreadStack>? RingFrom(int start, Dictionary<int, ThreadStack> waiting, HashSet<int> seen)
    {
        var path = new List<ThreadStack>();
        int tid = start;
        while (waiting.TryGetValue(tid, out ThreadStack? thread) && seen.Add(tid))
        {
            path.Add(thread);
            tid = thread.WaitingFor!.OwnerTid!.Value;
        }

        int first = path.FindIndex(member => member.Tid == tid);
        return first < 0 ? null : path.GetRange(first, path.Count - first);
    }

    private static string Describe(List<ThreadStack> ring)
    {
        if (ring.Count == 1)
            return $"thread {Name(ring[0])} waits for itself: {ring[0].WaitingFor!.Description}";
        var text = new StringBuilder();
        foreach (ThreadStack thread in ring)
        {
            text.Append(text.Length == 0 ? "thread " : "; thread ").Append(Name(thread))
                .Append(" waits for ").Append(thread.WaitingFor!.Description);
        }

        return text.ToString();
    }

    private static string Name(ThreadStack thread) => thread.Name is { } name ? $"{name} ({thread.Tid})" : $"{thread.Tid}";
}
