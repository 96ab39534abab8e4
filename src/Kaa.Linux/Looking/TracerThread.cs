using Kaa.Linux.Calls;

namespace Kaa.Linux.Looking;

/// <summary>
/// ptrace belongs to a thread, and a thread that has been interrupted but does not stop (a vfork parent) can be let go in one way only: its
/// tracer's thread ends. So each pass that stops anybody has a thread of its own, and nothing of it can outlive the pass.
/// </summary>
public static class TracerThread
{
    private const int MeanwhileEvery = 10; // ms
    private const int MostEnding = 1_000_000; // µs
    private const int EndingSleep = 30; // µs

    // As long as a look may hold anybody, where nothing else is asked for: a thread that loses its processor while it holds others would hold them
    // for longer than it may. Seen with 40 runnable threads on two processors: 331 ms, when it was given up after 10.
    private const int Hasty = 100; // ms

    /// <param name="meanwhile">Called again and again on the thread that asked, until the other is through.</param>
    /// <param name="hasty">For how many milliseconds it may be of real-time priority.</param>
    public static void Run(Action action, Action meanwhile, int hasty = Hasty)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        int tid = 0;
        var thread = new System.Threading.Thread(Begin, 8 << 20) { Name = "look" };
        thread.Start();
        for (int round = 1; !thread.Join(MeanwhileEvery); round++)
        {
            meanwhile();
            if (round >= hasty / MeanwhileEvery && System.Threading.Volatile.Read(ref tid) is > 0 and int hastened)
                Scheduling.Relax(hastened);
        }

        // Those that it has traced without stopping them could not be traced anew before.
        if (System.Threading.Volatile.Read(ref tid) is > 0 and int ended)
            AwaitEnd(ended);
        failure?.Throw();

        void Begin()
        {
            try
            {
                System.Threading.Volatile.Write(ref tid, Scheduling.Hasten());
                action();
            }
#pragma warning disable CA1031 // It is thrown again on the thread that asked.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    /// <summary>A thread of Kaa's that ends lets go of all that it traces before it is gone from the process's list (exit_notify, kernel/exit.c).</summary>
    public static void AwaitEnd(int tid)
    {
        long end = Clock.Microseconds + MostEnding;
        while (Directory.Exists($"/proc/self/task/{tid}") && Clock.Microseconds < end)
            Clock.Sleep(EndingSleep);
    }
}
