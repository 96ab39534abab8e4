using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report;

/// <summary>How a thread's stack differs from the round before.</summary>
/// <param name="IsNew">The thread was not there before.</param>
/// <param name="Moved">Another frame, line or local than before.</param>
/// <param name="SameOuterFrames">How many frames, counted from the outermost, are as before.</param>
public readonly record struct Movement(bool IsNew, bool Moved, int SameOuterFrames)
{
    /// <summary>Null where there was no round before.</summary>
    public static Movement? Between(StackReport? before, ThreadStack thread)
    {
        if (before is null)
            return null;
        foreach (ThreadStack candidate in before.Threads)
        {
            if (candidate.Tid == thread.Tid && candidate.Ident == thread.Ident && candidate.Interpreter == thread.Interpreter)
                return Compare(candidate.Frames, thread.Frames);
        }

        return new Movement(true, true, 0);
    }

    private static Movement Compare(IReadOnlyList<StackFrame> before, IReadOnlyList<StackFrame> now)
    {
        int same = 0;
        while (same < before.Count && same < now.Count && Same(before[^(same + 1)], now[^(same + 1)]))
            same++;
        return new Movement(false, same < before.Count || same < now.Count, same);
    }

    private static bool Same(StackFrame before, StackFrame now) =>
        FrameFolding.SamePlace(before, now)
        && SameLocals((before as PythonFrame)?.Locals ?? [], (now as PythonFrame)?.Locals ?? []);

    private static bool SameLocals(IReadOnlyList<LocalVariable> before, IReadOnlyList<LocalVariable> now)
    {
        if (before.Count != now.Count)
            return false;
        for (int i = 0; i < before.Count; i++)
        {
            if (!before[i].Equals(now[i]))
                return false;
        }

        return true;
    }
}
