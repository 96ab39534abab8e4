using Kaa.Formats;
using Kaa.Formats.Cores;

namespace Kaa.Target.Arch;

/// <summary>What the registers of a thread in an x86-64 core tell: struct user_regs_struct (arch/x86/include/asm/user_64.h).</summary>
internal static class X64CoreThread
{
    private const int Rax = 10;
    private const int OriginalRax = 15;
    private const int Rip = 16;
    private const int Rsp = 19;
    private const int FsBase = 21;

    /// <summary>Words of struct user_regs_struct.</summary>
    private const int Words = 27;

    /// <summary>Where each register stands in the struct, by DWARF number: rax rdx rcx rbx rsi rdi rbp rsp r8–r15 rip.</summary>
    private static ReadOnlySpan<byte> ByDwarfNumber => [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16];

    /// <param name="name">What the kernel called it; null where the core does not tell.</param>
    public static TargetThread Read(CoreThread thread, string? name)
    {
        ulong[] words = thread.Registers;
        var result = new TargetThread { Tid = thread.Tid, NamespaceTid = thread.Tid, Name = name };
        if (words.Length < Words)
            return result;
        return result with
        {
            StackPointer = new Address(words[Rsp]),
            InstructionPointer = new Address(words[Rip]),
            ThreadPointer = words[FsBase] == 0 ? null : new Address(words[FsBase]),
            Registers = General(words),
            Call = CallOf(words),
        };
    }

    private static X64Registers General(ulong[] words)
    {
        var registers = new X64Registers();
        for (int number = 0; number < X64Registers.Count; number++)
            registers[number] = words[ByDwarfNumber[number]];
        return registers;
    }

    /// <summary>
    /// A thread that a signal or a tracer took out of a system call has the call's number in orig_rax, and in rax what tells the kernel how
    /// to restart it (−ERESTARTSYS 512, −ERESTARTNOINTR 513, −ERESTARTNOHAND 514, −ERESTART_RESTARTBLOCK 516: include/linux/errno.h), or −EINTR.
    /// </summary>
    private static BlockedCall? CallOf(ulong[] words)
    {
        bool wasBlocked = unchecked((long)words[Rax]) is -4 or -512 or -513 or -514 or -516;
        if (!wasBlocked || words[OriginalRax] > int.MaxValue)
            return null;

        // Arguments are in rdi, rsi, rdx, r10, r8, r9.
        return new BlockedCall((int)words[OriginalRax], words[14], words[13], words[12], words[7], words[9], words[8]);
    }
}
