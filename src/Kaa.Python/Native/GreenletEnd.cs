using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>
/// A greenlet's C stack begins where greenlet called its function. What lies behind belongs to whoever switched to it first, and may have been put aside and
/// overwritten since (greenlet's slp_switch): whatever an unwinder makes of that is not this greenlet's. Its outermost Python frame has no caller, so the
/// first calls of the greenlet module behind that frame are its end.
/// </summary>
internal static class GreenletEnd
{
    /// <param name="places">Of the Python frames among the C frames; below 0 for none.</param>
    public static UnwoundStack Cut(UnwoundStack unwound, ReadOnlySpan<int> places, ModuleMap modules)
    {
        int outermost = -1;
        foreach (int place in places)
            outermost = Math.Max(outermost, place);
        int end = outermost < 0 ? unwound.Frames.Count : outermost + 1;
        while (end < unwound.Frames.Count && !IsGreenlet(modules, unwound.Frames[end]))
            end++;
        if (end >= unwound.Frames.Count)
            return unwound;
        while (end < unwound.Frames.Count && IsGreenlet(modules, unwound.Frames[end]))
            end++;
        var frames = new List<UnwoundFrame>(end);
        for (int i = 0; i < end; i++)
            frames.Add(unwound.Frames[i]);
        return new UnwoundStack(frames, null);
    }

    /// <summary><c>_greenlet.cpython-311-x86_64-linux-gnu.so</c>; up to 0.4 <c>greenlet.…</c>.</summary>
    private static bool IsGreenlet(ModuleMap modules, UnwoundFrame frame) =>
        modules.Find(frame.LookupPc)?.FileName is { } name && (name.StartsWith("_greenlet.", StringComparison.Ordinal) || name.StartsWith("greenlet.", StringComparison.Ordinal));
}
