namespace Kaa.Linux.Looking;

/// <summary>
/// How long threads may stand still. All passes of a look share it, so that the sum for one thread stays below the limit as well.
/// Times are microseconds.
/// </summary>
internal sealed class LookBudget(TimeSpan maxPause)
{
    // Measured: a detach costs about 3 µs, the proof that a thread has not moved 1 µs; a processor may be taken from us for a while.
    private const long DetachMicroseconds = 6;
    private const long ProofMicroseconds = 2;
    private const long FixedReserve = 100;

    private long _left = (long)maxPause.TotalMicroseconds;

    /// <summary>False once so little is left that a pass would read next to nothing.</summary>
    public bool AllowsAnotherStop => _left > 2 * FixedReserve && _left * 8 > (long)maxPause.TotalMicroseconds;

    public void Spend(long pause) => _left -= pause;

    /// <summary>Until when threads may be waited for to stop.</summary>
    public long StopDeadline(long stoppedSince) => stoppedSince + _left / 2;

    /// <summary>Until when memory may be read, so that all are free again in time.</summary>
    public long ReadDeadline(long stoppedSince, int stopped, int watched)
    {
        long reserve = FixedReserve + stopped * DetachMicroseconds + watched * ProofMicroseconds;
        return stoppedSince + Math.Max(_left - reserve, _left / 4);
    }
}
