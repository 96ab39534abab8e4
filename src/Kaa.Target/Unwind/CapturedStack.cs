using Kaa.Formats;

namespace Kaa.Target.Unwind;

/// <summary>A thread's registers and a copy of its C stack, from the same moment.</summary>
/// <param name="Start">Address of the first byte: the stack pointer, rounded down.</param>
/// <param name="Cut">Why the copy ends before the stack does; null where it does not.</param>
public sealed record CapturedStack(TargetThread Thread, Address Start, ReadOnlyMemory<byte> Bytes, string? Cut);

/// <summary>The stack as it was copied, and for everything else (code, tables, constants) memory as it is.</summary>
/// <param name="others">Memory for what is not on the copied stack.</param>
internal sealed class CapturedMemory(CapturedStack stack, IMemory others) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        long offset = address - stack.Start;
        if (offset < 0 || offset >= stack.Bytes.Length)
            return others.Read(address, buffer);
        int count = Math.Min(buffer.Length, stack.Bytes.Length - (int)offset);
        stack.Bytes.Span.Slice((int)offset, count).CopyTo(buffer);
        return count;
    }
}
