using System.Runtime.InteropServices;

namespace Kaa.Linux.Registers;

/// <summary>struct user_regs_struct of x86-64 (arch/x86/include/asm/user_64.h), as PTRACE_GETREGS fills it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct X64Registers
{
    public ulong R15;
    public ulong R14;
    public ulong R13;
    public ulong R12;
    public ulong Rbp;
    public ulong Rbx;
    public ulong R11;
    public ulong R10;
    public ulong R9;
    public ulong R8;
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rsi;
    public ulong Rdi;
    public ulong OriginalRax;
    public ulong Rip;
    public ulong Cs;
    public ulong Flags;
    public ulong Rsp;
    public ulong Ss;
    public ulong FsBase;
    public ulong GsBase;
    public ulong Ds;
    public ulong Es;
    public ulong Fs;
    public ulong Gs;

    /// <summary>By DWARF number (System V ABI for AMD64, figure 3.36).</summary>
    public readonly Kaa.Target.Arch.X64Registers General()
    {
        ReadOnlySpan<ulong> values = [Rax, Rdx, Rcx, Rbx, Rsi, Rdi, Rbp, Rsp, R8, R9, R10, R11, R12, R13, R14, R15, Rip];
        var general = new Kaa.Target.Arch.X64Registers();
        for (int number = 0; number < values.Length; number++)
            general[number] = values[number];
        return general;
    }
}
