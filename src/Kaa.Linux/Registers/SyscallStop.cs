using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kaa.Linux.Registers;

public enum SyscallStopSide
{
    /// <summary>A stop that is not at a system call, or of a 32-bit one.</summary>
    None,
    Entry,
    Exit,
}

/// <summary>What the kernel says of a thread that has stopped at a system call.</summary>
public readonly struct SyscallStop
{
    public SyscallStopSide Side { get; init; }

    /// <summary>At the entry.</summary>
    public int Number { get; init; }

    /// <summary>At the entry.</summary>
    public SyscallArguments Arguments { get; init; }

    /// <summary>At the exit: the result, or an error's number below 0.</summary>
    public long Result { get; init; }

    public ulong InstructionPointer { get; init; }

    public ulong StackPointer { get; init; }

    /// <summary>For kernels before 5.3, which have no PTRACE_GET_SYSCALL_INFO and don't say on which side it is.</summary>
    internal static SyscallStop Of(in X64Registers registers, bool isEntry)
    {
        SyscallArguments arguments = default;
        Span<ulong> values = arguments;
        (values[0], values[1], values[2], values[3], values[4], values[5]) =
            (registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9);
        return new SyscallStop
        {
            Side = isEntry ? SyscallStopSide.Entry : SyscallStopSide.Exit,
            Number = unchecked((int)registers.OriginalRax),
            Arguments = arguments,
            Result = unchecked((long)registers.Rax),
            InstructionPointer = registers.Rip,
            StackPointer = registers.Rsp,
        };
    }
}

/// <summary>The six registers of a system call, in order.</summary>
[InlineArray(6)]
public struct SyscallArguments
{
    private ulong _first;
}

/// <summary>struct ptrace_syscall_info (include/uapi/linux/ptrace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SyscallInformation
{
    private const byte EntryOperation = 1; // PTRACE_SYSCALL_INFO_ENTRY
    private const byte ExitOperation = 2; // PTRACE_SYSCALL_INFO_EXIT
    private const uint X64 = 0xc000003e; // AUDIT_ARCH_X86_64

    public byte Operation;
    public byte Reserved;
    public ushort Flags;
    public uint Architecture;
    public ulong InstructionPointer;
    public ulong StackPointer;

    /// <summary>At the entry the number; at the exit the result.</summary>
    public ulong First;
    public SyscallArguments Arguments;

    public readonly SyscallStop ToStop() => new()
    {
        Side = Architecture != X64 ? SyscallStopSide.None : Operation switch
        {
            EntryOperation => SyscallStopSide.Entry,
            ExitOperation => SyscallStopSide.Exit,
            _ => SyscallStopSide.None,
        },
        Number = First <= int.MaxValue ? (int)First : -1,
        Arguments = Arguments,
        Result = unchecked((long)First),
        InstructionPointer = InstructionPointer,
        StackPointer = StackPointer,
    };
}
