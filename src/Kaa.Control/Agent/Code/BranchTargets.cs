using System.Buffers.Binary;
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

    private BranchTargets(ulong start, ulong size)
    {
        _start = start;
        _size = size;
        _bits = new uint[size / 32 + 1];
    }

    /// <summary>Null for what is no program, or too big to be searched.</summary>
    public static BranchTargets? Find(ModuleImage image, IMemory memory)
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
        var targets = new BranchTargets(start, end - start);
        targets.Search(memory);
        return targets;
    }

    /// <summary>True where a near branch leads behind the first byte of a range.</summary>
    public bool LeadsInto(Address address, int length)
    {
        for (int i = 1; i < length; i++)
        {
            ulong at = address.Value + (ulong)i - _start;
            if (at < _size && (_bits[at / 32] >> (int)(at % 32) & 1) != 0)
                return true;
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

    private void Search(IMemory memory)
    {
        byte[] code = new byte[Chunk];
        for (ulong done = 0; done < _size; done += Chunk - LongestBranch)
        {
            int wanted = (int)Math.Min(Chunk, _size - done);
            Search(code.AsSpan(0, memory.Read(new Address(_start + done), code.AsSpan(0, wanted))), done);
        }
    }

    /// <summary>Every byte may begin one: what looks like a branch and leads into the code is one, or does no harm to be taken for one.</summary>
    private void Search(ReadOnlySpan<byte> code, ulong offset)
    {
        for (int i = 1; i + sizeof(int) <= code.Length; i++)
        {
            byte opcode = code[i - 1];
            bool isBranch = (opcode & 0xfe) == 0xe8 || ((opcode & 0xf0) == 0x80 && i > 1 && code[i - 2] == 0x0f); // call, jmp, jcc
            if (!isBranch)
                continue;
            ulong target = unchecked(offset + (ulong)(i + sizeof(int)) + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(code[i..]));
            if (target < _size)
                _bits[target / 32] |= 1u << (int)(target % 32);
        }
    }
}
