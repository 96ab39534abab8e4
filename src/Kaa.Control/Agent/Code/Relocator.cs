using System.Buffers.Binary;
using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Agent.Code;

/// <summary>Writes displaced instructions so that they do the same elsewhere, then go on behind where they were.</summary>
internal sealed class Relocator
{
    private const byte JccNear = 0x80; // 0f 80+cc
    private readonly List<byte> _bytes = [];
    private readonly Address _place;

    private Relocator(Address place) => _place = place;

    /// <param name="place">Where the code will lie.</param>
    /// <param name="back">Address of a word that holds where the function goes on.</param>
    /// <param name="offsets">For each displaced instruction where it was, from the first, and where it is in the code; and for what follows them.</param>
    public static byte[]? TryWrite(Displacement displaced, Address place, Address back, List<(int From, int To)> offsets, out HookRefusal? refusal)
    {
        var relocator = new Relocator(place);
        foreach (Instruction instruction in displaced.Instructions)
        {
            int from = (int)(instruction.IP - displaced.Address.Value);
            offsets.Add((from, relocator._bytes.Count));
            ReadOnlySpan<byte> old = displaced.Code.AsSpan(from, instruction.Length);
            if (!relocator.TryAdd(instruction, old))
            {
                refusal = new HookRefusal("no-hole", $"what the instruction at {new Address(instruction.IP)} refers to is too far from where it could be run");
                return null;
            }
        }

        if (!displaced.IsEnd)
        {
            offsets.Add((displaced.Length, relocator._bytes.Count));
            _ = relocator.TryJumpBy(back);
        }

        refusal = null;
        return [.. relocator._bytes];
    }

    private bool TryAdd(in Instruction instruction, ReadOnlySpan<byte> old)
    {
        if (instruction.IsJccShortOrNear)
            return TryBranch([0x0f, (byte)(JccNear | ConditionOf(old))], instruction.NearBranchTarget);
        if (instruction.IsJmpShortOrNear)
            return TryBranch([0xe9], instruction.NearBranchTarget);
        if (instruction.IsCallNear)
            return TryBranch([0xe8], instruction.NearBranchTarget);
        return instruction.IsIPRelativeMemoryOperand ? TryCopyRelative(instruction, old) : TryCopy(old);
    }

    /// <summary>The condition is the low half of the opcode, short (70+cc) or near (0f 80+cc), behind what prefixes there are.</summary>
    private static int ConditionOf(ReadOnlySpan<byte> old)
    {
        // A near one has 4 bytes behind its opcode, a short one has 1.
        int near = old.Length - 5;
        return near >= 1 && old[near - 1] == 0x0f && (old[near] & 0xf0) == 0x80 ? old[near] & 0x0f : old[^2] & 0x0f;
    }

    private bool TryCopy(ReadOnlySpan<byte> old)
    {
        _bytes.AddRange(old);
        return true;
    }

    private bool TryBranch(ReadOnlySpan<byte> opcode, ulong target)
    {
        _bytes.AddRange(opcode);
        return TryDistance(target, _bytes.Count + sizeof(int));
    }

    /// <summary>Operands may stand behind the displacement (cmpb $0, x(%rip)): it counts from the instruction's end.</summary>
    private bool TryCopyRelative(in Instruction instruction, ReadOnlySpan<byte> old)
    {
        var decoder = Decoder.Create(64, old.ToArray(), instruction.IP, DecoderOptions.None);
        Instruction again = decoder.Decode();
        ConstantOffsets constants = decoder.GetConstantOffsets(again);
        if (constants.DisplacementSize != sizeof(int))
            return false;
        int start = _bytes.Count;
        _bytes.AddRange(old);
        long distance = unchecked((long)(instruction.IPRelativeMemoryAddress - (_place.Value + (ulong)(start + old.Length))));
        if (distance is < int.MinValue or > int.MaxValue)
            return false;
        Put(start + constants.DisplacementOffset, (int)distance);
        return true;
    }

    private bool TryJumpBy(Address word)
    {
        _bytes.AddRange([0xff, 0x25]); // jmp [rip + …]
        return TryDistance(word.Value, _bytes.Count + sizeof(int));
    }

    private bool TryDistance(ulong target, int end)
    {
        long distance = unchecked((long)(target - (_place.Value + (ulong)end)));
        int at = _bytes.Count;
        _bytes.AddRange([0, 0, 0, 0]);
        if (distance is < int.MinValue or > int.MaxValue)
            return false;
        Put(at, (int)distance);
        return true;
    }

    private void Put(int at, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        for (int i = 0; i < bytes.Length; i++)
            _bytes[at + i] = bytes[i];
    }
}
