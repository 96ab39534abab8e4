using Iced.Intel;
using Kaa.Formats;
using Kaa.Linux.Registers;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// What a branch, call or return does, worked out from registers and memory: so a step over one needs nothing of the process but that its registers are set
/// (Intel SDM, volume 2: Jcc, JMP, CALL, RET, LOOPcc).
/// </summary>
/// <param name="Next">Where the thread is afterwards.</param>
/// <param name="Pushed">What a call puts on the stack, where <paramref name="Rsp"/> points then; null for nothing.</param>
internal sealed record ControlFlow(ulong Next, ulong Rsp, ulong Rcx, ulong? Pushed = null)
{
    private const int Carry = 1 << 0;
    private const int Parity = 1 << 2;
    private const int Zero = 1 << 6;
    private const int Sign = 1 << 7;
    private const int Overflow = 1 << 11;
    private const int Word = sizeof(ulong);

    /// <summary>Null where it is another instruction, or one whose target can't be read.</summary>
    public static ControlFlow? Follow(in Instruction instruction, in X64Registers registers, IMemory memory)
    {
        ulong after = instruction.NextIP;
        var next = new ControlFlow(after, registers.Rsp, registers.Rcx);
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Loop or Mnemonic.Loope or Mnemonic.Loopne or Mnemonic.Jrcxz or Mnemonic.Jecxz:
                return Counted(instruction, registers, next);
            case Mnemonic.Ret when ReadWord(memory, registers.Rsp) is { } target:
                return next with { Next = target, Rsp = unchecked(registers.Rsp + Word + (instruction.OpCount > 0 ? instruction.Immediate16 : 0u)) };
            case Mnemonic.Call when Target(instruction, registers, memory) is { } target:
                return next with { Next = target, Rsp = unchecked(registers.Rsp - Word), Pushed = after };
            case Mnemonic.Jmp when Target(instruction, registers, memory) is { } target:
                return next with { Next = target };
            default:
                if (!instruction.IsJccShortOrNear)
                    return null;
                return Holds(instruction.ConditionCode, registers.Flags) ? next with { Next = instruction.NearBranchTarget } : next;
        }
    }

    private static ControlFlow? Counted(in Instruction instruction, in X64Registers registers, ControlFlow next)
    {
        bool isZero = (registers.Flags & Zero) != 0;
        ulong left = unchecked(registers.Rcx - 1);
        switch (instruction.Code)
        {
            case Code.Jrcxz_rel8_64:
                return registers.Rcx == 0 ? next with { Next = instruction.NearBranchTarget } : next;
            case Code.Jecxz_rel8_64:
                return unchecked((uint)registers.Rcx) == 0 ? next with { Next = instruction.NearBranchTarget } : next;
            case Code.Loop_rel8_64_RCX:
                break;
            case Code.Loope_rel8_64_RCX when isZero:
                break;
            case Code.Loopne_rel8_64_RCX when !isZero:
                break;
            case Code.Loope_rel8_64_RCX or Code.Loopne_rel8_64_RCX:
                return next with { Rcx = left };
            default:
                return null;
        }

        return next with { Rcx = left, Next = left != 0 ? instruction.NearBranchTarget : next.Next };
    }

    private static ulong? Target(in Instruction instruction, in X64Registers registers, IMemory memory) => instruction.Op0Kind switch
    {
        OpKind.NearBranch64 => instruction.NearBranchTarget,
        OpKind.Register when Value(instruction.Op0Register, registers) is { } value => value,
        OpKind.Memory when instruction.MemorySize is MemorySize.UInt64 or MemorySize.QwordOffset && Place(instruction, registers) is { } place => ReadWord(memory, place),
        _ => null,
    };

    private static ulong? Place(in Instruction instruction, in X64Registers registers)
    {
        ulong place = instruction.SegmentPrefix switch { Register.FS => registers.FsBase, Register.GS => registers.GsBase, _ => 0 };
        if (instruction.IsIPRelativeMemoryOperand)
            return unchecked(place + instruction.IPRelativeMemoryAddress);
        place = unchecked(place + instruction.MemoryDisplacement64);
        if (instruction.MemoryBase != Register.None)
        {
            if (Value(instruction.MemoryBase, registers) is not { } value)
                return null;
            place = unchecked(place + value);
        }

        if (instruction.MemoryIndex == Register.None)
            return place;
        return Value(instruction.MemoryIndex, registers) is { } index ? unchecked(place + index * (ulong)instruction.MemoryIndexScale) : null;
    }

    private static ulong? Value(Register register, in X64Registers registers) => register switch
    {
        Register.RAX => registers.Rax,
        Register.RCX => registers.Rcx,
        Register.RDX => registers.Rdx,
        Register.RBX => registers.Rbx,
        Register.RSP => registers.Rsp,
        Register.RBP => registers.Rbp,
        Register.RSI => registers.Rsi,
        Register.RDI => registers.Rdi,
        Register.R8 => registers.R8,
        Register.R9 => registers.R9,
        Register.R10 => registers.R10,
        Register.R11 => registers.R11,
        Register.R12 => registers.R12,
        Register.R13 => registers.R13,
        Register.R14 => registers.R14,
        Register.R15 => registers.R15,
        _ => null,
    };

    private static ulong? ReadWord(IMemory memory, ulong address) => memory.TryRead(new Address(address), out ulong word) ? word : null;

    private static bool Holds(ConditionCode condition, ulong flags)
    {
        bool carry = (flags & Carry) != 0;
        bool zero = (flags & Zero) != 0;
        bool less = (flags & Sign) != 0 != ((flags & Overflow) != 0);
        return condition switch
        {
            ConditionCode.o => (flags & Overflow) != 0,
            ConditionCode.no => (flags & Overflow) == 0,
            ConditionCode.b => carry,
            ConditionCode.ae => !carry,
            ConditionCode.e => zero,
            ConditionCode.ne => !zero,
            ConditionCode.be => carry || zero,
            ConditionCode.a => !carry && !zero,
            ConditionCode.s => (flags & Sign) != 0,
            ConditionCode.ns => (flags & Sign) == 0,
            ConditionCode.p => (flags & Parity) != 0,
            ConditionCode.np => (flags & Parity) == 0,
            ConditionCode.l => less,
            ConditionCode.ge => !less,
            ConditionCode.le => less || zero,
            _ => !less && !zero,
        };
    }
}
