using System.Runtime.InteropServices;
using Kaa.Formats;

namespace Kaa.Target.Unwind;

/// <summary>A thread's registers and a copy of its C stack, from the same moment.</summary>
/// <param name="Start">Address of the first byte: the stack pointer, rounded down.</param>
/// <param name="Cut">Why the copy ends before the stack does; null where it does not.</param>
public sealed record CapturedStack(TargetThread Thread, Address Start, ReadOnlyMemory<byte> Bytes, string? Cut)
{
    /// <summary>The stack that the thread was on when a signal took it to this one (sigaltstack); null where there is none.</summary>
    public CapturedStack? Interrupted { get; init; }

    /// <summary>Bytes that were copied, of all its stacks.</summary>
    public long Length => Bytes.Length + (Interrupted?.Length ?? 0);

    /// <summary>True where an aligned word has that value, from one address of the thread's stacks up to another, which may lie on the next of them.</summary>
    public bool Holds(ulong word, Address from, Address end)
    {
        bool begun = false;
        for (CapturedStack? stack = this; stack is not null; stack = stack.Interrupted)
        {
            begun |= stack.Contains(from);
            if (!begun)
                continue;
            long first = stack.Contains(from) ? from - stack.Start : 0;
            long last = stack.Contains(end) ? end - stack.Start : stack.Bytes.Length;
            if (last > first && MemoryMarshal.Cast<byte, ulong>(stack.Bytes.Span[(int)first..(int)last]).Contains(word))
                return true;
            if (stack.Contains(end))
                return false;
        }

        return false;
    }

    /// <summary>Its end included.</summary>
    private bool Contains(Address address) => address >= Start && address - Start <= Bytes.Length;
}

/// <summary>The stack as it was copied, and for everything else (code, tables, constants) memory as it is.</summary>
/// <param name="others">Memory for what is not on the copied stack.</param>
internal sealed class CapturedMemory(CapturedStack captured, IMemory others) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        for (CapturedStack? stack = captured; stack is not null; stack = stack.Interrupted)
        {
            long offset = address - stack.Start;
            if (offset < 0 || offset >= stack.Bytes.Length)
                continue;
            int count = Math.Min(buffer.Length, stack.Bytes.Length - (int)offset);
            stack.Bytes.Span.Slice((int)offset, count).CopyTo(buffer);
            return count;
        }

        return others.Read(address, buffer);
    }
}
