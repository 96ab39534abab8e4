using Kaa.Linux.Calls;

namespace Kaa.Linux.Looking;

public static unsafe class Scheduling
{
    private const int ThisThread = 0; // for both calls: on Linux a thread, not its process (setpriority(2), "C library/kernel differences")
    private const int Highest = -20;
    private const int FirstInFirstOut = 1 | 0x40000000; // SCHED_FIFO | SCHED_RESET_ON_FORK
    private const int Other = 0; // SCHED_OTHER
    private const int TimerSlack = 29; // PR_SET_TIMERSLACK

    /// <summary>
    /// For a thread that holds others and ends soon. On a busy machine, and a target that spins makes it busy, it would lose its processor
    /// while the target stands still. Measured with 20 runnable threads on two processors: mean pause 0.29 ms instead of 0.99, above 2 ms
    /// 1 of 3,000 looks instead of 182. The lowest real-time priority; a better nice value helps little, because the scheduler divides the
    /// processor among sessions or control groups first. Without CAP_SYS_NICE it stays as it is.
    /// </summary>
    /// <returns>The thread's id, for <see cref="Relax"/>.</returns>
    public static int Hasten()
    {
        int priority = 1;
        if (Libc.SetScheduler(ThisThread, FirstInFirstOut, &priority) < 0)
            _ = Libc.SetPriority(0, ThisThread, Highest);

        // Else a sleep of 30 µs takes 80.
        _ = Libc.PrCtl(TimerSlack, 1_000, 0, 0, 0);
        return Libc.GetTid();
    }

    /// <summary>
    /// Does what waits for another thread of Kaa's to begin, without real-time priority: the runtime spins until a thread has begun (NativeAOT's Thread.Start), and one that spins so keeps a processor from it.
    /// </summary>
    public static void Unhurried(Action action)
    {
        const int Ask = 145; // sched_getscheduler
        bool isHasty = Libc.SystemCall(Ask, 0, 0, 0, 0) == FirstInFirstOut;
        if (isHasty)
            Relax(ThisThread);
        action();
        if (isHasty)
            _ = Hasten();
    }

    /// <summary>
    /// Takes it back for a thread that takes longer than it should: else it could keep others of the machine waiting for as long as
    /// <c>--max-pause</c> allows.
    /// </summary>
    public static void Relax(int tid)
    {
        int priority = 0;
        _ = Libc.SetScheduler(tid, Other, &priority);
        _ = Libc.SetPriority(0, tid, Highest);
    }
}
