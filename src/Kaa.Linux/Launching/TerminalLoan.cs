using Kaa.Linux.Calls;
using Kaa.Linux.Terminal;

namespace Kaa.Linux.Launching;

/// <summary>
/// Whose the terminal is: Ctrl-C goes to the process group in its foreground, and only that may read from it. It is the program's while that runs, and Kaa's while that
/// is stopped.
/// </summary>
public sealed class TerminalLoan : IDisposable
{
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

    private void Give(int group) => BackgroundWrite.Do(() => _ = Libc.SetTerminalGroup(_terminal.Number, group));
}
