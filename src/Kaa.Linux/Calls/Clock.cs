namespace Kaa.Linux.Calls;

/// <summary>The kernel's clocks (clock_gettime(2)).</summary>
public static unsafe class Clock
{
    private const int RealTime = 0; // CLOCK_REALTIME
    private const int Monotonic = 1; // CLOCK_MONOTONIC
    private const int BootTime = 7; // CLOCK_BOOTTIME

    /// <summary>Microseconds that only ever count up.</summary>
    public static long Microseconds
    {
        get
        {
            TimeSpec time;
            _ = Libc.GetClock(Monotonic, &time);
            return time.Seconds * 1_000_000 + time.Nanoseconds / 1_000;
        }
    }

    /// <summary>Seconds since 1970.</summary>
    public static double UnixSeconds => Read(RealTime);

    /// <summary>Seconds since boot, suspended time included: what /proc/PID/stat counts a process' start in.</summary>
    public static double SecondsSinceBoot => Read(BootTime);

    public static void Sleep(int microseconds)
    {
        var time = new TimeSpec { Nanoseconds = microseconds * 1_000L };
        _ = Libc.NanoSleep(&time, null);
    }

    private static double Read(int clock)
    {
        TimeSpec time;
        _ = Libc.GetClock(clock, &time);
        return time.TotalSeconds;
    }
}
