using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Waits;

/// <summary>
/// How much of a frame's value stack is surely alive. Its top is not in memory while the frame runs, but the level at which the innermost
/// block around the instruction began is: in the block stack up to 3.10, in the exception table since.
/// </summary>
internal sealed class LiveStack(PyObjects objects, PyLayout layout)
{
    private const int TryBlockSize = 12; // PyTryBlock: b_type, b_handler, b_level
    private const int MaxBlocks = 20; // CO_MAXBLOCKS

    private readonly Dictionary<Address, byte[]> _tables = [];

    /// <summary>Deep recursion asks for the same place again and again.</summary>
    private readonly Dictionary<(Address Code, int Instruction), int> _depths = [];

    /// <summary>Number of slots, at most <see cref="PyCode.StackSize"/>; 0 where no block is around the instruction, or it can't be known.</summary>
    public int Depth(RawFrame frame)
    {
        int depth = layout.FrameObject.f_iblock != Offset.Absent ? DepthOfBlocks(frame.Address) : DepthOfTable(frame);
        return Math.Clamp(depth, 0, Math.Max(frame.Code.StackSize, 0));
    }

    private int DepthOfBlocks(Address frame)
    {
        int count = objects.Memory.Read<int>(frame + layout.FrameObject.f_iblock);
        return count is < 1 or > MaxBlocks
            ? 0
            : objects.Memory.Read<int>(frame + layout.FrameObject.f_blockstack + ((count - 1) * TryBlockSize) + 8);
    }

    private int DepthOfTable(RawFrame frame)
    {
        if (layout.Code.co_exceptiontable == Offset.Absent || frame.Instruction < 0)
            return 0;
        (Address, int) key = (frame.Code.Address, frame.Instruction);
        if (!_depths.TryGetValue(key, out int depth))
        {
            depth = ExceptionTable.DepthAt(Table(frame), frame.Instruction / 2);
            _depths.Add(key, depth);
        }

        return depth;
    }

    private byte[] Table(RawFrame frame)
    {
        if (!_tables.TryGetValue(frame.Code.Address, out byte[]? table))
        {
            Address bytes = objects.PointerAt(frame.Code.Address, layout.Code.co_exceptiontable);
            table = bytes.IsNull ? [] : objects.ReadBytes(bytes, ExceptionTable.MostBytes(frame.Code.Length));
            _tables.Add(frame.Code.Address, table);
        }

        return table;
    }
}

/// <summary>
/// <c>co_exceptiontable</c> (3.11+, Objects/exception_handling_notes.txt): entries of four numbers, each in groups of 6 bits, the first byte of
/// an entry marked by its highest bit: start, length and target in code units, and depth × 2 + lasti.
/// </summary>
internal static class ExceptionTable
{
    private const int BytesOfEntry = 20; // four numbers of at most five bytes
    private const int BytesOfInstruction = 2;

    /// <summary>How long the table of that many bytes of code can be: no two entries begin at one instruction.</summary>
    public static int MostBytes(int code) => (int)Math.Min(Limits.CodeTable, code / BytesOfInstruction * (long)BytesOfEntry);

    /// <summary>Stack depth of the innermost handler that covers a code unit; 0 where none does.</summary>
    public static int DepthAt(ReadOnlySpan<byte> table, int unit)
    {
        int position = 0;
        while (TryNext(table, ref position, out ExceptionEntry entry))
        {
            if (entry.Start > unit)
                return 0;
            if (unit < entry.Start + entry.Length)
                return entry.Depth;
        }

        return 0;
    }

    /// <summary>The entry at a position, which moves behind it; false at the end.</summary>
    public static bool TryNext(ReadOnlySpan<byte> table, ref int position, out ExceptionEntry entry)
    {
        entry = default;
        if (position >= table.Length)
            return false;
        int start = Number(table, ref position);
        int length = Number(table, ref position);
        int target = Number(table, ref position);
        int depthAndLasti = Number(table, ref position);
        entry = new ExceptionEntry(start, length, target, depthAndLasti >> 1, (depthAndLasti & 1) != 0);
        return true;
    }

    private static int Number(ReadOnlySpan<byte> table, ref int position)
    {
        int value = 0;
        while (position < table.Length)
        {
            byte part = table[position++];
            value = unchecked((value << 6) | (part & 0x3f));
            if ((part & 0x40) == 0)
                break;
        }

        return value;
    }
}

/// <summary>One entry of <c>co_exceptiontable</c>; places are counted in code units.</summary>
/// <param name="Depth">Height of the value stack that is kept.</param>
/// <param name="PushesInstruction">The place of the instruction is pushed under the exception.</param>
internal readonly record struct ExceptionEntry(int Start, int Length, int Target, int Depth, bool PushesInstruction);
