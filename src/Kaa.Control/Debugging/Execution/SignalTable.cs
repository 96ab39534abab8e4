using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>What is done with signals that the process gets: <c>handle</c>. The defaults are gdb's.</summary>
public sealed class SignalTable
{
    // signal(7), and gdb's words for them (include/gdb/signals.def).
    private static readonly (int Number, string Name, string Text)[] s_signals =
    [
        (1, "SIGHUP", "Hangup"), (2, "SIGINT", "Interrupt"), (3, "SIGQUIT", "Quit"), (4, "SIGILL", "Illegal instruction"), (5, "SIGTRAP", "Trace/breakpoint trap"),
        (6, "SIGABRT", "Aborted"), (7, "SIGBUS", "Bus error"), (8, "SIGFPE", "Arithmetic exception"), (9, "SIGKILL", "Killed"), (10, "SIGUSR1", "User defined signal 1"),
        (11, "SIGSEGV", "Segmentation fault"), (12, "SIGUSR2", "User defined signal 2"), (13, "SIGPIPE", "Broken pipe"), (14, "SIGALRM", "Alarm clock"),
        (15, "SIGTERM", "Terminated"), (17, "SIGCHLD", "Child status changed"), (18, "SIGCONT", "Continued"), (19, "SIGSTOP", "Stopped (signal)"),
        (20, "SIGTSTP", "Stopped (user)"), (21, "SIGTTIN", "Stopped (tty input)"), (22, "SIGTTOU", "Stopped (tty output)"), (23, "SIGURG", "Urgent I/O condition"),
        (24, "SIGXCPU", "CPU time limit exceeded"), (25, "SIGXFSZ", "File size limit exceeded"), (26, "SIGVTALRM", "Virtual timer expired"),
        (27, "SIGPROF", "Profiling timer expired"), (28, "SIGWINCH", "Window size changed"), (29, "SIGIO", "I/O possible"), (30, "SIGPWR", "Power fail/restart"),
        (31, "SIGSYS", "Bad system call"),
    ];

    private const int Interrupt = 2;
    private const int Trap = 5;
    private const int Most = 64;

    private readonly bool[] _stops = new bool[Most + 1];
    private readonly bool[] _prints = new bool[Most + 1];
    private readonly bool[] _passes = new bool[Most + 1];

    public SignalTable()
    {
        for (int signal = 1; signal <= Most; signal++)
        {
            // What programs use in the ordinary course of things; 32 and 33 are the C library's own (pthread_cancel, setuid).
            _stops[signal] = _prints[signal] = signal is not (14 or 17 or 23 or 26 or 27 or 28 or 29 or 32 or 33);
            _passes[signal] = signal is not (Interrupt or Trap);
        }
    }

    public static IEnumerable<int> All => Enumerable.Range(1, Most);

    public bool Stops(int signal) => _stops[signal];

    public bool Prints(int signal) => _prints[signal];

    public bool Passes(int signal) => _passes[signal];

    public static string NameOf(int signal)
    {
        foreach ((int number, string name, _) in s_signals)
        {
            if (number == signal)
                return name;
        }

        return "SIG" + signal;
    }

    public static string TextOf(int signal)
    {
        foreach ((int number, _, string text) in s_signals)
        {
            if (number == signal)
                return text;
        }

        return "Real-time event " + signal;
    }

    /// <summary>By name or number; null for none.</summary>
    public static int? Find(string word)
    {
        if (int.TryParse(word, out int known) && known is > 0 and <= Most)
            return known;
        for (int signal = 1; signal <= Most; signal++)
        {
            if (NameOf(signal).Equals(word, StringComparison.OrdinalIgnoreCase))
                return signal;
        }

        return null;
    }

    /// <summary><c>nostop</c>, <c>noprint</c>, <c>pass</c> and their opposites.</summary>
    /// <exception cref="UserError">no-such-action</exception>
    public void Set(int signal, string action)
    {
        switch (action)
        {
            case "stop":
                _stops[signal] = _prints[signal] = true;
                break;
            case "nostop":
                _stops[signal] = false;
                break;
            case "print":
                _prints[signal] = true;
                break;
            case "noprint":
                _prints[signal] = _stops[signal] = false;
                break;
            case "pass" or "noignore":
                _passes[signal] = true;
                break;
            case "nopass" or "ignore":
                _passes[signal] = false;
                break;
            default:
                throw new UserError("no-such-action", $"Unrecognized or ambiguous flag word: \"{action}\".", "stop, nostop, print, noprint, pass, nopass");
        }
    }
}
