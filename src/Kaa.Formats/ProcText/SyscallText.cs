namespace Kaa.Formats.ProcText;

/// <summary>One <c>/proc/PID/syscall</c> (proc_pid_syscall(5)): where a thread sleeps in the kernel.</summary>
/// <param name="Running">It runs, or is about to; nothing else is known then.</param>
/// <param name="Number">−1 where it sleeps in the kernel but in no system call (a page fault, a stop): the arguments are 0 then.</param>
public readonly record struct SyscallText(
    bool Running, int Number, ulong Arg0, ulong Arg1, ulong Arg2, ulong Arg3, ulong Arg4, ulong Arg5,
    Address StackPointer, Address InstructionPointer)
{
    /// <exception cref="BadData">The text breaks the format.</exception>
    public static SyscallText Parse(ReadOnlySpan<byte> text)
    {
        var reader = new ProcReader("/proc/PID/syscall", text);
        if (reader.Rest.StartsWith("running"u8))
            return new SyscallText { Running = true };
        int number = reader.Int32();
        Span<ulong> words = stackalloc ulong[8];
        words.Clear();
        Span<ulong> present = number < 0 ? words[6..] : words;
        for (int i = 0; i < present.Length; i++)
        {
            reader.Expect(" 0x"u8);
            present[i] = reader.Hex();
        }

        return new SyscallText(
            false, number, words[0], words[1], words[2], words[3], words[4], words[5], new Address(words[6]), new Address(words[7]));
    }
}
