using System.Text;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Waits;

/// <summary>Turns idents into threads once all of them were read, and says each wait in one sentence.</summary>
public static class WaitResolver
{
    /// <param name="threads">With <see cref="ThreadStack.Ident"/> and names.</param>
    /// <param name="waits">By tid.</param>
    /// <param name="describe">What a file descriptor is; null where that is not known.</param>
    public static IReadOnlyList<ThreadStack> Resolve(
        IReadOnlyList<ThreadStack> threads, IReadOnlyDictionary<int, ThreadWaits> waits, Func<int, string?> describe)
    {
        var byIdent = new Dictionary<ulong, ThreadStack>();
        foreach (ThreadStack thread in threads)
        {
            if (thread.Ident is { } ident)
                byIdent.TryAdd(ident, thread);
        }

        Dictionary<Address, (ThreadStack Thread, HeldLock Lock)> holders = Holders(threads, waits);
        var resolved = new List<ThreadStack>(threads.Count);
        foreach (ThreadStack thread in threads)
        {
            WaitFacts? facts = thread.Tid is { } tid && waits.TryGetValue(tid, out ThreadWaits? found) ? found.Wait : null;
            resolved.Add(facts is null ? thread : thread with { WaitingFor = Reason(facts, byIdent, holders, describe) });
        }

        return resolved;
    }

    private static Dictionary<Address, (ThreadStack Thread, HeldLock Lock)> Holders(
        IReadOnlyList<ThreadStack> threads, IReadOnlyDictionary<int, ThreadWaits> waits)
    {
        var holders = new Dictionary<Address, (ThreadStack, HeldLock)>();
        foreach (ThreadStack thread in threads)
        {
            if (thread.Tid is not { } tid || !waits.TryGetValue(tid, out ThreadWaits? found))
                continue;
            foreach (HeldLock held in found.Held)
                holders.TryAdd(held.Lock, (thread, held));
        }

        return holders;
    }

    private static WaitReason Reason(
        WaitFacts facts, Dictionary<ulong, ThreadStack> byIdent, Dictionary<Address, (ThreadStack Thread, HeldLock Lock)> holders,
        Func<int, string?> describe)
    {
        ThreadStack? owner = facts.OwnerIdent is { } ident ? byIdent.GetValueOrDefault(ident) : null;
        string description = facts.What;
        if (facts.OwnerByHeld && facts.Lock is { } address && holders.TryGetValue(address, out (ThreadStack Thread, HeldLock Lock) holder))
        {
            owner = holder.Thread;
            description += $", held by {Name(owner)} in a with block of {holder.Lock.Function} ({holder.Lock.File}:{holder.Lock.Line})";
        }
        else if (facts.Kind == WaitKind.Join && facts.What == "the end of")
        {
            description = owner is null ? "a thread to end" : $"{Name(owner)} to end";
        }
        else if (owner is not null)
        {
            description += $", held by {Name(owner)}";
        }
        else if (facts.OwnerIdent is { } gone)
        {
            description += $", held by a thread with ident {gone} that has no Python state";
        }
        else if (facts.Descriptors.Count > 0)
        {
            description += " on " + Said(facts.Descriptors, describe);
        }

        return new WaitReason
        {
            Kind = facts.Kind,
            Address = facts.Lock?.Value,
            OwnerTid = owner?.Tid ?? facts.OwnerTid,
            Fd = facts.Descriptors is [var only] ? only : null,
            Description = description,
        };
    }

    /// <summary><c>fd 5 (tcp 127.0.0.1:40322 → 10.0.0.5:5432)</c>.</summary>
    private static string Said(IReadOnlyList<int> descriptors, Func<int, string?> describe)
    {
        var text = new StringBuilder();
        foreach (int descriptor in descriptors)
        {
            text.Append(text.Length == 0 ? "fd " : ", fd ").Append(descriptor);
            if (describe(descriptor) is { } what)
                text.Append(" (").Append(what).Append(')');
        }

        return text.ToString();
    }

    private static string Name(ThreadStack thread) => thread.Name is { } name ? $"thread {name}" : $"thread {thread.Tid}";
}
