using Kaa.Results;

namespace Kaa.Report.Text;

/// <param name="Start">Index of the first frame.</param>
/// <param name="Count">How many frames are shown.</param>
/// <param name="Repeats">How many more times the same frames follow, left out.</param>
internal readonly record struct FrameRun(int Start, int Count, int Repeats)
{
    public int Next => Start + (Count * (Repeats + 1));
}

/// <summary>Finds runs of equal frames, and of cycles of several frames, as recursion makes them.</summary>
internal static class FrameFolding
{
    private const int LongestCycle = 8;

    /// <summary>Three equal frames take as many lines as one and a remark.</summary>
    private const int FewestTurns = 3;

    /// <summary>Frames that differ in their locals are worth showing until nobody would read them any more.</summary>
    private const int FewestTurnsWithLocals = 10;

    public static FrameRun RunAt(ReadOnlySpan<StackFrame> frames, int start)
    {
        var best = new FrameRun(start, 1, 0);
        for (int period = 1; period <= LongestCycle && start + period < frames.Length; period++)
        {
            int turns = Turns(frames, start, period);
            if (turns >= Fewest(frames, start, period) && period * turns > best.Next - start)
                best = new FrameRun(start, period, turns - 1);
        }

        return best;
    }

    public static bool SamePlace(StackFrame left, StackFrame right)
    {
        if (ReferenceEquals(left, right))
            return true;
        if (left is PythonFrame a && right is PythonFrame b)
        {
            return a.Line == b.Line && a.Column == b.Column && a.EndColumn == b.EndColumn && a.Function == b.Function && a.File == b.File
                && a.QualifiedName == b.QualifiedName && a.Unreadable == b.Unreadable;
        }

        return left is not PythonFrame && left.Equals(right);
    }

    private static int Turns(ReadOnlySpan<StackFrame> frames, int start, int period)
    {
        int at = start + period;
        while (at < frames.Length && SamePlace(frames[at], frames[at - period]))
            at++;
        return (at - start) / period;
    }

    private static int Fewest(ReadOnlySpan<StackFrame> frames, int start, int period)
    {
        for (int at = start; at < start + period; at++)
        {
            if (frames[at] is PythonFrame { Locals.Count: > 0 })
                return FewestTurnsWithLocals;
        }

        return FewestTurns;
    }
}
