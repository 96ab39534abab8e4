using Kaa.Formats;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;

namespace Kaa.Python.Builtins;

/// <summary>A frame's blocks (loops, try, with) as they are, up to 3.10.</summary>
internal sealed class BlockStack(IMemory memory, FrameObjectLayout layout)
{
    private const int Size = 12; // PyTryBlock: b_type, b_handler, b_level
    private const int Most = 20; // CO_MAXBLOCKS
    private const int ExceptHandler = 257; // EXCEPT_HANDLER, Include/opcode.h

    /// <summary>True where the frame has just the blocks that a state says; since 3.11 there are none.</summary>
    /// <exception cref="TargetFault">They can't be read.</exception>
    public bool Are(Address frame, Mark? marks)
    {
        if (layout.f_iblock == Offset.Absent)
            return true;
        int count = memory.Read<int>(frame + layout.f_iblock);
        if (count is < 0 or > Most)
            return false;
        Span<byte> buffer = stackalloc byte[Most * Size];
        buffer = buffer[..(count * Size)];
        memory.ReadExactly(frame + layout.f_blockstack, buffer);
        ReadOnlySpan<byte> blocks = buffer;
        for (Mark? mark = marks; mark is not null; mark = mark.Below)
        {
            if (!mark.IsBlock)
                continue;
            if (--count < 0)
                return false;
            bool isHandler = blocks.Int32At(count * Size) == ExceptHandler;
            if (isHandler != (mark.Kind == MarkKind.Handler) || blocks.Int32At((count * Size) + 8) != mark.Level)
                return false;
        }

        return count == 0;
    }
}
