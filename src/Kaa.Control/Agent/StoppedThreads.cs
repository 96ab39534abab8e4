using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Control.Agent;

/// <summary>Where the threads of a held process are, as far as that hinders its code from being changed.</summary>
internal sealed class StoppedThreads(HeldProcess held, IMemory memory)
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
    /// True where some thread will come back into the inside of a range: one that could not be stopped sleeps there, or a word on a stack leads there, as the saved
    /// program counter of a signal's frame does.
    /// </summary>
    public bool IsExpectedIn(Address start, int length)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct == ThreadConduct.Ended)
                continue;
            TargetThread thread = sight.ToThread();
            bool isMovable = sight.IsStopped && sight.Tracee!.HasRegisters;
            if (!isMovable && thread.InstructionPointer is { } rip && IsInside(rip.Value, start, length))
                return true;
            if (thread.StackPointer is { } stack && HasWord(stack, start, length))
                return true;
        }

        return false;
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

    private bool HasWord(Address stack, Address start, int length)
    {
        byte[] bytes = new byte[Chunk];
        ulong at = stack.Value & ~7ul;
        for (int done = 0; done < Limits.HookedStack; done += Chunk)
        {
            int got = memory.Read(new Address(at + (ulong)done), bytes);
            foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(0, got & ~7)))
            {
                if (IsInside(word, start, length))
                    return true;
            }

            if (got < Chunk)
                return false;
        }

        return false;
    }

    private static bool IsInside(ulong address, Address start, int length) => unchecked(address - start.Value - 1) < (ulong)length - 1;
}
