using System.Globalization;

namespace Kaa.Target.Arch;

/// <summary>Signals of Linux on x86-64 (arch/x86/include/uapi/asm/signal.h).</summary>
internal static class X64Signals
{
    private const int FirstRealTime = 34; // glibc keeps 32 and 33 for itself
    private const int LastRealTime = 64;

    private static readonly string[] s_names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    public static string NameOf(int number) => number switch
    {
        > 0 and < 32 => s_names[number],
        >= FirstRealTime and <= LastRealTime => "SIGRTMIN+" + (number - FirstRealTime).ToString(CultureInfo.InvariantCulture),
        _ => "signal " + number.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Stops and continuations end no process: whoever wrote such a core (gdb) looked at one that lives on.</summary>
    public static bool EndsProcess(int number) => number is > 0 and not (17 or 18 or 19 or 20 or 21 or 22 or 23 or 28);

    /// <summary>SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGSEGV tell an address (sigaction(2)).</summary>
    public static bool HasAddress(int number) => number is 4 or 5 or 7 or 8 or 11;
}
