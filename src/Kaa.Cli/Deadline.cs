using Kaa.Linux.Calls;

namespace Kaa.Cli;

/// <summary>When what <c>--duration</c> asks for is over.</summary>
internal readonly struct Deadline
{
    private readonly long _end; // microseconds of the clock

    private Deadline(long end) => _end = end;

    /// <summary>From now on; never over for null.</summary>
    public static Deadline In(TimeSpan? duration) => new(duration is { } time ? Clock.Microseconds + (long)time.TotalMicroseconds : long.MaxValue);

    public bool IsOver => Clock.Microseconds >= _end;
}
