using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// The frame that the kernel makes to run a signal handler, where the C library has no unwind rules for it (musl). It is known by the
/// instructions that it returns to, as gdb knows it (amd64_linux_sigtramp_start).
/// </summary>
internal static class SignalFrame
{
    /// <summary>struct ucontext: flags, link and stack_t come before the registers (include/uapi/asm-generic/ucontext.h).</summary>
    private const int RegistersAt = 40;

    // struct rt_sigframe begins with the address of the return code, the ucontext follows (arch/x86/include/asm/sigframe.h).
    private const int FlagsAt = 8;
    private const int LinkAt = 16;
    private const int StackAt = 24;
    private const int StackSizeAt = 40;
    private const int StackPointerAt = 8 + RegistersAt + 15 * 8;
    private const int FrameSize = StackPointerAt + 8;
    private const ulong AllFlags = 7; // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS

    /// <summary>DWARF numbers in the order of struct sigcontext (arch/x86/include/uapi/asm/sigcontext.h).</summary>
    private static ReadOnlySpan<byte> Order => [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16];

    /// <summary>mov $15 (rt_sigreturn), %rax; syscall.</summary>
    private static ReadOnlySpan<byte> ReturnCode => [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];

    public static bool IsAt(IMemory memory, Address pc)
    {
        Span<byte> code = stackalloc byte[ReturnCode.Length];
        return memory.TryReadExactly(pc, code) && code.SequenceEqual(ReturnCode);
    }

    /// <summary>What was interrupted. The handler has returned, as it were: the stack pointer stands at the ucontext.</summary>
    public static X64Registers Interrupted(IMemory memory, Address stackPointer)
    {
        Span<byte> bytes = stackalloc byte[Order.Length * 8];
        memory.ReadExactly(stackPointer + RegistersAt, bytes);
        var registers = new X64Registers();
        for (int i = 0; i < Order.Length; i++)
            registers[Order[i]] = ((ReadOnlySpan<byte>)bytes).PointerAt(i * 8);
        return registers;
    }

    /// <summary>
    /// The frame by which the kernel took a thread to its alternate stack, in a copy of that stack: it names the alternate stack, in which it lies itself, and a
    /// stack pointer outside of it.
    /// </summary>
    /// <param name="bytes">From an address on the alternate stack upwards.</param>
    /// <param name="start">That address, a multiple of 8.</param>
    public static AlternateStack? FindAlternate(ReadOnlySpan<byte> bytes, Address start)
    {
        // Almost every word is passed over by these two comparisons.
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        int last = words.Length - FrameSize / sizeof(ulong);
        for (int i = 0; i <= last; i++)
        {
            if (words[i + LinkAt / sizeof(ulong)] == 0 && words[i + FlagsAt / sizeof(ulong)] <= AllFlags && Alternate(words[i..], start, i * sizeof(ulong)) is { } found)
                return found;
        }

        return null;
    }

    private static AlternateStack? Alternate(ReadOnlySpan<ulong> frame, Address start, int offset)
    {
        ulong stack = frame[StackAt / sizeof(ulong)];
        ulong size = frame[StackSizeAt / sizeof(ulong)];
        ulong interrupted = frame[StackPointerAt / sizeof(ulong)];

        // What happens to lie there may name a stack that wraps around memory, or begins above this one.
        if (size is < FrameSize or > Limits.StackCopy || stack == 0 || stack > start.Value)
            return null;
        bool isOn = unchecked(start.Value + (ulong)offset - stack) < size && unchecked(interrupted - stack) >= size && interrupted != 0;
        return isOn ? new AlternateStack(new Address(unchecked(stack + size)), new Address(interrupted)) : null;
    }
}

/// <param name="End">Behind the last byte of the alternate stack.</param>
/// <param name="Interrupted">The stack pointer that the thread had before.</param>
internal readonly record struct AlternateStack(Address End, Address Interrupted);
