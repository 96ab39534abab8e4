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
}
