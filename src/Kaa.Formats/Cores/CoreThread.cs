namespace Kaa.Formats.Cores;

/// <summary>One thread of a core: NT_PRSTATUS, and NT_SIGINFO where it has one of its own.</summary>
/// <param name="Tid">pr_pid: as the process that wrote the core saw it.</param>
/// <param name="Signal">pr_cursig: what it was stopped by; 0 for none.</param>
/// <param name="Registers">pr_reg, in the order of the architecture's <c>user_regs_struct</c>.</param>
public sealed record CoreThread(int Tid, int Signal, ulong[] Registers)
{
    public CoreSignal? Information { get; internal set; }
}

/// <summary>The head of a <c>siginfo_t</c> (include/uapi/asm-generic/siginfo.h).</summary>
/// <param name="Code">si_code: above 0 the kernel raised it, else somebody sent it.</param>
/// <param name="Address">si_addr, which has a meaning for few signals only.</param>
public sealed record CoreSignal(int Number, int Code, ulong Address);

/// <summary>NT_PRPSINFO: what the kernel knew of the process.</summary>
/// <param name="Name">pr_fname: the thread name of the first thread, 15 bytes at most.</param>
/// <param name="Arguments">pr_psargs: the command line with blanks between, 79 bytes at most.</param>
public sealed record CoreProcess(int Pid, string Name, string Arguments);

/// <summary>One entry of NT_FILE.</summary>
/// <param name="Offset">In the file, in bytes.</param>
/// <param name="Path">As the kernel or gdb wrote it, <c> (deleted)</c> included.</param>
public readonly record struct CoreFileMapping(Address Start, Address End, ulong Offset, string Path);

/// <summary>A note that the kernel did not define, left where it is: <see cref="CoreFile.ReadNote"/>.</summary>
public readonly record struct CoreVendorNote(string Name, uint Type, ulong Offset, uint Size);
