using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Native;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging.Stack;

/// <summary>The stack of one thread, C and Python, as of a stop.</summary>
public sealed class StackView
{
    private StackView(IReadOnlyList<FrameView> frames, string? endReason, RawThread? python, IReadOnlyDictionary<int, BuiltinFrame> builtins)
    {
        Frames = frames;
        EndReason = endReason;
        Python = python;
        Builtins = builtins;
    }

    /// <summary>Innermost first; at least one.</summary>
    public IReadOnlyList<FrameView> Frames { get; }

    /// <summary>Why the C stack ends before the thread's first function; null where it does not.</summary>
    public string? EndReason { get; }

    /// <summary>The thread as Python knows it; null where it does not.</summary>
    public RawThread? Python { get; }

    /// <summary>Its frames, innermost first.</summary>
    public IReadOnlyList<RawFrame> PythonFrames => Python?.Stack?.Frames ?? [];

    /// <summary>The C functions that Python frames are in, by the index of the frame in whose front each stands.</summary>
    public IReadOnlyDictionary<int, BuiltinFrame> Builtins { get; }

    /// <param name="moment">Null where there is no interpreter.</param>
    public static StackView Of(Inferior inferior, InferiorThread thread, PythonMoment? moment)
    {
        var capture = new StackCapture(inferior.Target);
        capture.Read(new Look(inferior.Memory, [thread.Kernel], null, 0));
        RawThread? python = moment?.Find(thread.Tid);
        IReadOnlyDictionary<int, BuiltinFrame> builtins = python is null ? new Dictionary<int, BuiltinFrame>() : moment!.Builtins(python, thread.Kernel.Call);
        if (!capture.Stacks.TryGetValue(thread.Tid, out CapturedStack? stack))
            return new StackView([Unknown(thread)], "where the thread stands is not known", python, builtins);
        UnwoundStack unwound = inferior.Unwind(stack);
        int[] places = python?.Stack is { } raw ? inferior.Places!.Find(raw.Frames, unwound.Frames, stack) : [];
        return new StackView(Views(inferior, thread, unwound, ByPlace(places, unwound.Frames.Count - 1)), unwound.EndReason, python, builtins);
    }

    private static List<FrameView> Views(Inferior inferior, InferiorThread thread, UnwoundStack unwound, Dictionary<int, List<int>> python)
    {
        var frames = new List<FrameView>(unwound.Frames.Count);
        for (int i = 0; i < unwound.Frames.Count; i++)
        {
            UnwoundFrame frame = unwound.Frames[i];
            IReadOnlyList<SymbolizedFrame> symbols = inferior.Symbols.Resolve(frame.Pc, !frame.ExactPc);
            for (int j = 0; j < symbols.Count; j++)
            {
                // What runs Python is the function that was compiled there, not what was inlined into it.
                IReadOnlyList<int> runs = j == symbols.Count - 1 && python.TryGetValue(i, out List<int>? found) ? found : [];
                frames.Add(new FrameView(frames.Count, frame, symbols[j], thread.Registers, i == 0, runs));
            }
        }

        if (frames.Count == 0)
            frames.Add(Unknown(thread));
        return frames;
    }

    /// <summary>Frames that no C frame runs go to that of the next one, or the last.</summary>
    private static Dictionary<int, List<int>> ByPlace(int[] places, int last)
    {
        var found = new Dictionary<int, List<int>>();
        int next = Math.Max(last, 0);
        for (int i = places.Length - 1; i >= 0; i--)
        {
            next = places[i] >= 0 ? places[i] : next;
            if (!found.TryGetValue(next, out List<int>? indices))
                found.Add(next, indices = []);
            indices.Insert(0, i);
        }

        return found;
    }

    private static FrameView Unknown(InferiorThread thread) => new(
        0, new UnwoundFrame(thread.Kernel.InstructionPointer ?? Address.Null, Address.Null, true), new SymbolizedFrame(null, null, null, null, false, null), thread.Registers, true, []);
}
