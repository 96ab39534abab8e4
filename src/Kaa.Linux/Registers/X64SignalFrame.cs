using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Linux.Registers;

/// <summary>
/// What rt_sigreturn restores a thread from (arch/x86/include/uapi/asm/ucontext.h, sigcontext.h; setup in arch/x86/kernel/signal_64.c): all general registers, the mask of signals and the
/// processor's extended state.
/// </summary>
public static class X64SignalFrame
{
    /// <summary>PTRACE_GETREGSET's set with that state: NT_X86_XSTATE.</summary>
    public const int ExtendedState = 0x202;

    /// <summary>Bytes of extended state that a frame holds: all but the tiles of AMX, which no C code of ours touches.</summary>
    public const int StateSize = 2696;

    private const int StateOffset = 0x140; // aligned to 64, as XRSTOR wants it
    private const int Machine = 40; // uc_mcontext
    private const int MaskOffset = 0x128; // uc_sigmask, behind sigcontext's 256 bytes
    private const int Software = 464; // struct _fpx_sw_bytes
    private const int FxSize = 512;
    private const int HeaderSize = 64;
    private const uint Magic1 = 0x46505853; // FP_XSTATE_MAGIC1
    private const uint Magic2 = 0x46505845; // FP_XSTATE_MAGIC2
    private const ulong Tiles = 3ul << 17;

    /// <summary>Bytes of a frame.</summary>
    public const int Size = StateOffset + StateSize + 8;

    /// <summary>The bytes; rsp must point to the first of them at rt_sigreturn.</summary>
    /// <param name="place">Where they will lie, aligned to 64.</param>
    /// <param name="state">The set <see cref="ExtendedState"/> as the kernel gave it.</param>
    public static byte[] Build(Address place, in X64Registers registers, ulong mask, ReadOnlySpan<byte> state)
    {
        byte[] frame = new byte[Size];
        Span<byte> machine = frame.AsSpan(Machine);
        ReadOnlySpan<ulong> general =
        [
            registers.R8, registers.R9, registers.R10, registers.R11, registers.R12, registers.R13, registers.R14, registers.R15, registers.Rdi, registers.Rsi,
            registers.Rbp, registers.Rbx, registers.Rdx, registers.Rax, registers.Rcx, registers.Rsp, registers.Rip, registers.Flags,
            registers.Cs | registers.Ss << 48,
        ];
        for (int i = 0; i < general.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(machine[(i * 8)..], general[i]);

        // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS.
        BinaryPrimitives.WriteUInt64LittleEndian(frame, 7);

        // Flags that sigaltstack refuses, so that the thread's own stays as it is (restore_altstack, kernel/signal.c).
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(24), 3);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(MaskOffset), mask);
        if (state.Length < FxSize + HeaderSize)
            return frame;
        BinaryPrimitives.WriteUInt64LittleEndian(machine[184..], (place + StateOffset).Value);
        WriteState(frame.AsSpan(StateOffset), state);
        return frame;
    }

    private static void WriteState(Span<byte> target, ReadOnlySpan<byte> state)
    {
        int size = Math.Min(state.Length, StateSize);
        state[..size].CopyTo(target);
        ulong features = BinaryPrimitives.ReadUInt64LittleEndian(state[Software..]) & ~Tiles;
        Span<byte> software = target.Slice(Software, FxSize - Software);
        software.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(software, Magic1);
        BinaryPrimitives.WriteUInt32LittleEndian(software[4..], (uint)size + 4);
        BinaryPrimitives.WriteUInt64LittleEndian(software[8..], features);
        BinaryPrimitives.WriteUInt32LittleEndian(software[16..], (uint)size);
        Span<byte> header = target[FxSize..];
        BinaryPrimitives.WriteUInt64LittleEndian(header, BinaryPrimitives.ReadUInt64LittleEndian(header) & ~Tiles);
        BinaryPrimitives.WriteUInt32LittleEndian(target[size..], Magic2);
    }
}
