using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Control.Remote;

/// <summary>
/// What the seccomp filters of a stopped thread would say of calls that Kaa is about to have it make: their programs are read and run here, on the very
/// arguments. A filter may kill the process for a call, so nothing is tried out.
/// </summary>
public sealed class SeccompFilter
{
    private const int MostFilters = 64;
    private const uint Architecture = 0xc000003e; // AUDIT_ARCH_X86_64
    private const uint Allow = 0x7fff0000; // SECCOMP_RET_ALLOW
    private const uint Log = 0x7ffc0000; // SECCOMP_RET_LOG
    private const uint ActionMask = 0xffff0000; // SECCOMP_RET_ACTION_FULL
    private const int DataSize = 64; // struct seccomp_data
    private const int InstructionSize = 8;

    private readonly List<byte[]> _programs;

    internal SeccompFilter(List<byte[]> programs) => _programs = programs;

    /// <summary>Null where the filters can't be read.</summary>
    public static SeccompFilter? Read(int tid)
    {
        var programs = new List<byte[]>();
        while (programs.Count < MostFilters)
        {
            if (PTrace.SeccompFilter(tid, programs.Count) is { } program)
                programs.Add(program);
            else if (Errno.Last == Errno.NoEntry && programs.Count > 0)
                return new SeccompFilter(programs);
            else
                return null;
        }

        return null;
    }

    /// <summary>True where every filter lets the call through.</summary>
    /// <param name="rip">Address behind the call's instruction.</param>
    public bool Allows(RemoteCall call, Address rip)
    {
        Span<byte> data = stackalloc byte[DataSize];
        data.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(data, call.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], Architecture);
        BinaryPrimitives.WriteUInt64LittleEndian(data[8..], rip.Value);
        ReadOnlySpan<ulong> arguments = [call.Arg0, call.Arg1, call.Arg2, call.Arg3, call.Arg4, call.Arg5];
        for (int i = 0; i < arguments.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(data[(16 + i * 8)..], arguments[i]);
        foreach (byte[] program in _programs)
        {
            if (Run(program, data) is not { } verdict || (verdict & ActionMask) is not (Allow or Log))
                return false;
        }

        return true;
    }

    /// <summary>Classic BPF (include/uapi/linux/bpf_common.h) as far as seccomp has it; null where the program does what it may not.</summary>
    private static uint? Run(ReadOnlySpan<byte> program, ReadOnlySpan<byte> data)
    {
        uint a = 0;
        uint x = 0;
        Span<uint> memory = stackalloc uint[16];
        memory.Clear();
        int count = program.Length / InstructionSize;

        // Jumps go forwards only, so it ends.
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> instruction = program.Slice(i * InstructionSize, InstructionSize);
            int code = BinaryPrimitives.ReadUInt16LittleEndian(instruction);
            uint k = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            switch (code)
            {
                case 0x20 when k <= DataSize - 4 && k % 4 == 0: // ld [k]
                    a = BinaryPrimitives.ReadUInt32LittleEndian(data[(int)k..]);
                    break;
                case 0x00: // ld #k
                    a = k;
                    break;
                case 0x01: // ldx #k
                    x = k;
                    break;
                case 0x80: // ld len
                    a = DataSize;
                    break;
                case 0x81: // ldx len
                    x = DataSize;
                    break;
                case 0x60 when k < 16: // ld M[k]
                    a = memory[(int)k];
                    break;
                case 0x61 when k < 16: // ldx M[k]
                    x = memory[(int)k];
                    break;
                case 0x02 when k < 16: // st
                    memory[(int)k] = a;
                    break;
                case 0x03 when k < 16: // stx
                    memory[(int)k] = x;
                    break;
                case 0x07: // tax
                    x = a;
                    break;
                case 0x87: // txa
                    a = x;
                    break;
                case 0x06: // ret #k
                    return k;
                case 0x16: // ret a
                    return a;
                case 0x05 when k < (uint)count: // ja
                    i += (int)k;
                    break;
                case >= 0 when (code & 7) == 5 && Jumps(code, a, (code & 8) != 0 ? x : k) is { } jumps:
                    i += jumps ? instruction[2] : instruction[3];
                    break;
                case >= 0 when (code & 7) == 4 && Compute(code, a, (code & 8) != 0 ? x : k) is { } result:
                    a = result;
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    private static bool? Jumps(int code, uint a, uint operand) => (code & 0xf0) switch
    {
        0x10 => a == operand,
        0x20 => a > operand,
        0x30 => a >= operand,
        0x40 => (a & operand) != 0,
        _ => null,
    };

    private static uint? Compute(int code, uint a, uint operand) => (code & 0xf0) switch
    {
        0x00 => unchecked(a + operand),
        0x10 => unchecked(a - operand),
        0x20 => unchecked(a * operand),
        0x30 when operand != 0 => a / operand,
        0x40 => a | operand,
        0x50 => a & operand,
        0x60 when operand < 32 => a << (int)operand,
        0x70 when operand < 32 => a >> (int)operand,
        0x80 => unchecked(0 - a),
        0xa0 => a ^ operand,
        _ => null,
    };
}
