using Kaa.Linux.Calls;

namespace Kaa.Linux.Launching;

/// <summary>
/// Whose the terminal is: Ctrl-C goes to the process group in its foreground, and only that may read from it. It is the program's while that runs, and Kaa's while that
/// is stopped.
/// </summary>
public sealed unsafe class TerminalLoan : IDisposable
{
    private const int Block = 0; // SIG_BLOCK
    private const int Restore = 2; // SIG_SETMASK
    private const ulong Output = 1ul << (22 - 1); // SIGTTOU

    private readonly Descriptor _terminal;
    private readonly int _own = Libc.GetGroup();

    private TerminalLoan(Descriptor terminal) => _terminal = terminal;

    /// <summary>Null where Kaa has no terminal, or is not in its foreground.</summary>
    public static TerminalLoan? Open()
    {
        if (Descriptor.Open("/dev/tty", OpenFlags.ReadWrite | OpenFlags.NoTerminal) is not { } terminal)
            return null;
        if (Libc.GetTerminalGroup(terminal.Number) == Libc.GetGroup())
            return new TerminalLoan(terminal);
        terminal.Dispose();
        return null;
    }

    /// <summary>The program reads and gets Ctrl-C.</summary>
    public void Lend(int group) => Give(group);

    public void TakeBack() => Give(_own);

    public void Dispose()
    {
        TakeBack();
        _terminal.Dispose();
    }

    /// <summary>Whoever does this from the background is stopped by SIGTTOU, unless it blocks that (tcsetpgrp(3)).</summary>
    private void Give(int group)
    {
        ulong* signals = stackalloc ulong[16];
        ulong* before = stackalloc ulong[16];
        new Span<ulong>(signals, 16).Clear();
        signals[0] = Output;
        _ = Libc.SetSignalMask(Block, signals, before);
        _ = Libc.SetTerminalGroup(_terminal.Number, group);
        _ = Libc.SetSignalMask(Restore, before, null);
    }
}
