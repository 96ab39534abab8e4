using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>Puts the Python frames of a thread in front of the C frames that run them.</summary>
internal sealed class StackMerger(PythonPlaces places, NativeFrames native)
{
    /// <summary>Frames innermost first, and how many Python frames have no C frame.</summary>
    public readonly record struct Merged(IReadOnlyList<StackFrame> Frames, int Unplaced);

    /// <param name="shown">The Python frames as they are shown, and builtins in front of them.</param>
    /// <param name="raw">The same Python frames as they were found.</param>
    public Merged Merge(IReadOnlyList<StackFrame> shown, IReadOnlyList<RawFrame> raw, UnwoundStack unwound, CapturedStack stack)
    {
        int[] found = Places(raw, unwound.Frames, stack);
        int unplaced = 0;
        foreach (int place in found)
            unplaced += place == FramePlaces.Nowhere ? 1 : 0;
        var frames = new List<StackFrame>(shown.Count + unwound.Frames.Count);
        int next = 0;
        int python = 0;
        for (int i = 0; i < unwound.Frames.Count; i++)
        {
            bool runsPython = false;
            while (python < found.Length && Reached(found, python, i))
            {
                runsPython |= found[python] == i;
                TakeOne(shown, ref next, frames);
                python++;
            }

            native.Add(frames, unwound.Frames[i], runsPython, raw.Count > 0, IsFirst(unwound, i));
        }

        while (next < shown.Count)
            frames.Add(shown[next++]);
        return new Merged(frames, unplaced);
    }

    /// <summary>The C frames without those that are not of the greenlet that runs.</summary>
    public UnwoundStack UpToGreenlet(IReadOnlyList<RawFrame> raw, UnwoundStack unwound, CapturedStack stack, ModuleMap modules) =>
        raw.Count == 0 ? unwound : GreenletEnd.Cut(unwound, Places(raw, unwound.Frames, stack), modules);

    /// <summary>Names the C frames that <see cref="Merge"/> will show.</summary>
    public void Want(IReadOnlyList<RawFrame> raw, UnwoundStack unwound, CapturedStack stack)
    {
        var runsPython = new HashSet<int>(Places(raw, unwound.Frames, stack));
        for (int i = 0; i < unwound.Frames.Count; i++)
            native.Want(unwound.Frames[i], runsPython.Contains(i), raw.Count > 0, IsFirst(unwound, i));
    }

    /// <summary>glibc and musl have two or three functions before a thread's own one, or a program's.</summary>
    private static bool IsFirst(UnwoundStack unwound, int index) => unwound.EndReason is null && index >= unwound.Frames.Count - 4;

    private int[] Places(IReadOnlyList<RawFrame> raw, IReadOnlyList<UnwoundFrame> frames, CapturedStack stack) => places.Find(raw, frames, stack);

    /// <summary>True where a Python frame is run by this C frame, or has none and comes before one that is.</summary>
    private static bool Reached(int[] found, int python, int place)
    {
        while (python < found.Length && found[python] == FramePlaces.Nowhere)
            python++;
        return python < found.Length && found[python] <= place;
    }

    /// <summary>The next Python frame, with the builtin that it is in.</summary>
    private static void TakeOne(IReadOnlyList<StackFrame> shown, ref int next, List<StackFrame> frames)
    {
        while (next < shown.Count)
        {
            StackFrame frame = shown[next++];
            frames.Add(frame);
            if (frame is PythonFrame)
                return;
        }
    }
}
