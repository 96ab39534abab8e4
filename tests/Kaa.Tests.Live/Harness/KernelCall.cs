namespace Kaa.Tests.Live.Harness;

/// <summary>System calls that threads of a process are in, by what the kernel says of them. Numbers: arch/x86/entry/syscalls/syscall_64.tbl.</summary>
internal static class KernelCall
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>futex: a lock, or a thread that is joined.</summary>
    public static IReadOnlyList<string> Futex { get; } = ["202"];

    /// <summary>nanosleep, clock_nanosleep.</summary>
    public static IReadOnlyList<string> Sleep { get; } = ["35", "230"];

    /// <summary>Returns when the thread is in one of the calls: what it says is said a moment before.</summary>
    public static void Await(int pid, string tid, IReadOnlyList<string> calls) =>
        System.Threading.SpinWait.SpinUntil(() => calls.Contains(File.ReadAllText($"/proc/{pid}/task/{tid}/syscall").Split(' ')[0]), Patience).ShouldBeTrue();

    /// <summary>The same of the main thread.</summary>
    public static void Await(int pid, IReadOnlyList<string> calls) => Await(pid, pid.ToString(System.Globalization.CultureInfo.InvariantCulture), calls);
}
