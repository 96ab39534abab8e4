using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Control.Agent;

/// <summary>Where the threads of a held process are, as far as that hinders its code from being changed.</summary>
internal sealed class StoppedThreads(HeldProcess held, LiveTarget target)
{
    private const int VFork = 58;
    private const int Chunk = 64 << 10;

    /// <summary>A thread waits for its vfork child, which runs in the same memory and is not held.</summary>
    public bool HasVForkChild
    {
        get
        {
            foreach (ThreadSight sight in held.Threads)
            {
                if (sight.Conduct != ThreadConduct.Ended && !sight.IsStopped && (sight.Call is { Number: VFork } || sight.State == 'D'))
                    return true;
            }

            return false;
        }
    }

    /// <summary>
    /// The ranges, by their starts, to whose inside some thread will come back: one that could not be stopped sleeps there, or a word on a stack leads there, as the
    /// saved program counter of a signal's frame does.
    /// </summary>
    /// <param name="of">The threads that are asked; null for all.</param>
    public HashSet<Address> FindExpected(IReadOnlyList<(Address Start, int Length)> ranges, IReadOnlySet<int>? of = null)
    {
        var sorted = new List<(Address Start, int Length)>(ranges);
        sorted.Sort((a, b) => a.Start.CompareTo(b.Start));
        var expected = new HashSet<Address>();
        byte[] bytes = new byte[Chunk];
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct == ThreadConduct.Ended || sorted.Count == 0 || of?.Contains(sight.Tid) == false)
                continue;
            TargetThread thread = sight.ToThread();
            bool isMovable = sight.IsStopped && sight.Tracee!.HasRegisters;
            if (!isMovable && thread.InstructionPointer is { } rip)
                AddRange(sorted, rip.Value, expected);
            if (thread.StackPointer is { } stack)
                SearchStack(stack, bytes, sorted, expected);
        }

        return expected;
    }

    /// <summary>Moves threads whose program counter is inside of a range to the same instruction elsewhere; false where one can't be moved.</summary>
    /// <param name="offsets">For each instruction where it is in the range, and in its piece.</param>
    public bool TryMove(Address start, int length, Address piece, IReadOnlyList<(int From, int To)> offsets)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (!sight.IsStopped || !sight.Tracee!.HasRegisters || !IsInside(sight.Tracee.Registers.Rip, start, length))
                continue;
            int from = (int)(sight.Tracee.Registers.Rip - start.Value);
            int? to = null;
            foreach ((int old, int moved) in offsets)
            {
                if (old == from)
                    to = moved;
            }

            if (to is not { } place || !Move(sight.Tracee, piece + place))
                return false;
        }

        return true;
    }

    private static bool Move(Tracee tracee, Address to)
    {
        X64Registers moved = tracee.Registers with { Rip = to.Value };
        if (!PTrace.SetAll(tracee.Tid, tracee.Repaired ? SyscallRestart.Repaired(moved) : moved))
            return false;
        tracee.Registers = moved;
        return true;
    }

    private void SearchStack(Address stack, byte[] bytes, List<(Address Start, int Length)> sorted, HashSet<Address> expected)
    {
        ulong at = stack.Value & ~7ul;
        ulong end = at + Limits.HookedStack;
        if (target.Modules.FindMapping(stack) is { } mapping)
            end = Math.Min(end, mapping.End.Value);
        ulong first = sorted[0].Start.Value;
        ulong span = sorted[^1].Start.Value + (ulong)sorted[^1].Length - first;
        for (; at < end; at += Chunk)
        {
            int got = target.Current.Read(new Address(at), bytes.AsSpan(0, (int)Math.Min(Chunk, end - at)));
            foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(0, got & ~7)))
            {
                if (unchecked(word - first) < span)
                    AddRange(sorted, word, expected);
            }

            if (got < Chunk)
                return;
        }
    }

    private static void AddRange(List<(Address Start, int Length)> sorted, ulong word, HashSet<Address> expected)
    {
        int low = 0;
        int high = sorted.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (Address start, int length) = sorted[middle];
            if (word < start.Value)
            {
                high = middle - 1;
            }
            else if (word >= start.Value + (ulong)length)
            {
                low = middle + 1;
            }
            else
            {
                if (IsInside(word, start, length))
                    expected.Add(start);
                return;
            }
        }
    }

    private static bool IsInside(ulong address, Address start, int length) => unchecked(address - start.Value - 1) < (ulong)length - 1;
}
