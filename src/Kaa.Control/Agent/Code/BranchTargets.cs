using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
using Iced.Intel;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Control.Agent.Code;

/// <summary>
/// Where branches of one module lead to. Functions share their code: mempcpy jumps to the second instruction of memmove, and cold parts, which lie elsewhere, come back. So the
/// whole code is searched for near branches; short ones are found by decoding what lies around.
/// </summary>
internal sealed class BranchTargets
{
    private const int Chunk = 1 << 20;
    private const int LongestBranch = 6;
    private const int ShortReach = 130;
    private const int InStep = 400; // bytes after which decoding from anywhere is surely in step

    private readonly ulong _start;
    private readonly uint[] _bits;
    private readonly ulong _size;

    private readonly IMemory _memory;
    private readonly Func<Address, Address?> _functionOf;

    private BranchTargets(ulong start, ulong size, IMemory memory, Func<Address, Address?> functionOf)
    {
        _memory = memory;
        _functionOf = functionOf;
        _start = start;
        _size = size;
        _bits = new uint[size / 32 + 1];
    }

    /// <summary>Null for what is no program, or too big to be searched.</summary>
    /// <param name="functionOf">Where the function begins that an address lies in; null where that is not known.</param>
    public static BranchTargets? Find(ModuleImage image, IMemory memory, Func<Address, Address?> functionOf)
    {
        ulong start = ulong.MaxValue;
        ulong end = 0;
        foreach (ElfSegment segment in image.Segments)
        {
            if (!segment.Flags.HasFlag(ElfSegmentFlags.Execute))
                continue;
            start = Math.Min(start, segment.Start.Value);
            end = Math.Max(end, segment.End.Value);
        }

        if (end <= start || end - start > Limits.HookedModule)
            return null;
        var targets = new BranchTargets(start, end - start, memory, functionOf);
        targets.Search((target, _) => targets._bits[target / 32] |= 1u << (int)(target % 32));
        return targets;
    }

    /// <summary>True where a near branch leads behind the first byte of a range.</summary>
    public bool LeadsInto(Address address, int length)
    {
        for (int i = 1; i < length; i++)
        {
            ulong at = address.Value + (ulong)i - _start;
            if (at < _size && (_bits[at / 32] >> (int)(at % 32) & 1) != 0)
                return IsReal(address, length);
        }

        return false;
    }

    /// <summary>What looks like a branch may be an operand of another instruction: those that lead here are decoded from their functions' starts.</summary>
    private bool IsReal(Address address, int length)
    {
        var ends = new List<ulong>();
        Search((target, end) =>
        {
            if (target + _start > address.Value && target + _start < address.Value + (ulong)length)
                ends.Add(_start + end);
        });
        foreach (ulong end in ends)
        {
            Address start = _functionOf(new Address(end - 1)) ?? new Address(Math.Max(_start, end - InStep));
            byte[] code = new byte[end - start.Value];
            int got = _memory.Read(start, code);
            var decoder = Decoder.Create(64, code.AsSpan(0, got).ToArray(), start.Value, DecoderOptions.None);
            while (decoder.IP < end)
            {
                decoder.Decode(out Instruction instruction);
                if (decoder.IP == end && !instruction.IsInvalid && (Displacement.IsNearBranch(instruction) || instruction.IsCallNear))
                    return true;
            }
        }

        return false;
    }

    /// <summary>The same for short branches.</summary>
    public static bool ShortLeadsInto(IMemory memory, Address address, int length)
    {
        byte[] code = new byte[InStep + ShortReach + length + ShortReach];
        Address start = address - (InStep + ShortReach);
        int got = memory.Read(start, code);
        if (got < InStep + ShortReach + length)
        {
            // The module's code begins right here.
            start = address;
            got = memory.Read(start, code);
        }

        var decoder = Decoder.Create(64, code.AsSpan(0, got).ToArray(), start.Value, DecoderOptions.None);
        while (decoder.IP < start.Value + (ulong)got)
        {
            decoder.Decode(out Instruction instruction);
            if (!instruction.IsInvalid && Displacement.IsNearBranch(instruction)
                && instruction.NearBranchTarget > address.Value && instruction.NearBranchTarget < address.Value + (ulong)length)
                return true;
        }

        return false;
    }

    /// <param name="found">Given where something leads that looks like a near branch, and where that ends; from the start of the code.</param>
    private void Search(Action<ulong, ulong> found)
    {
        byte[] code = new byte[Chunk];
        for (ulong done = 0; done < _size; done += Chunk - LongestBranch)
        {
            int wanted = (int)Math.Min(Chunk, _size - done);
            Search(code.AsSpan(0, _memory.Read(new Address(_start + done), code.AsSpan(0, wanted))), done, found);
        }
    }

    private void Search(ReadOnlySpan<byte> code, ulong offset, Action<ulong, ulong> found)
    {
        for (int i = FindBranch(code, 1); i >= 0; i = FindBranch(code, i + 1))
        {
            ulong end = offset + (ulong)(i + sizeof(int));
            ulong target = unchecked(end + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(code[i..]));
            if (target < _size)
                found(target, end);
        }
    }

    /// <summary>From a place on, the first operand of four bytes of what looks like a near branch (call, jmp, jcc); negative where there is none.</summary>
    internal static int FindBranch(ReadOnlySpan<byte> code, int from)
    {
        if (from <= 1 && IsBranch(code, 1))
            return 1;
        int i = Math.Max(from, 2);
        for (; i + Vector128<byte>.Count + sizeof(int) <= code.Length; i += Vector128<byte>.Count)
        {
            var opcodes = Vector128.Create(code[(i - 1)..]);
            Vector128<byte> found = Vector128.Equals(opcodes & Vector128.Create<byte>(0xfe), Vector128.Create<byte>(0xe8))
                | (Vector128.Equals(opcodes & Vector128.Create<byte>(0xf0), Vector128.Create<byte>(0x80)) & Vector128.Equals(Vector128.Create(code[(i - 2)..]), Vector128.Create<byte>(0x0f)));
            uint bits = found.ExtractMostSignificantBits();
            if (bits != 0)
                return i + BitOperations.TrailingZeroCount(bits);
        }

        for (; i + sizeof(int) <= code.Length; i++)
        {
            if (IsBranch(code, i))
                return i;
        }

        return -1;
    }

    private static bool IsBranch(ReadOnlySpan<byte> code, int operand) =>
        operand + sizeof(int) <= code.Length && ((code[operand - 1] & 0xfe) == 0xe8 || (operand > 1 && (code[operand - 1] & 0xf0) == 0x80 && code[operand - 2] == 0x0f));
}
