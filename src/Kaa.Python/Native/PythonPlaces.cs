using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>Which C frame runs each Python frame of a thread, of any version.</summary>
public sealed class PythonPlaces
{
    private readonly PythonProcess _process;
    private readonly EvalFunction _eval;

    public PythonPlaces(PythonProcess process, ObservedTarget target, IUnwindSource rules)
        : this(process, new EvalFunction(process.Module, target, rules))
    {
    }

    internal PythonPlaces(PythonProcess process, EvalFunction eval) => (_process, _eval) = (process, eval);

    /// <summary>An index into <paramref name="frames"/> for each Python frame, innermost first; −1 where no C frame was found that runs it.</summary>
    public int[] Find(IReadOnlyList<RawFrame> raw, IReadOnlyList<UnwoundFrame> frames, CapturedStack stack)
    {
        if (_process.Layout.Frame.previous != Offset.Absent)
            return FramePlaces.ByAddress(raw, frames);
        Address range = _eval.Range.IsNull ? FramePlaces.EvalRange(raw, frames, stack) : _eval.Range;
        List<int> calls = Calls(frames, range, false);
        if (calls.Count != raw.Count && !_eval.Range.IsNull)
            calls = Calls(frames, range, true);
        return FramePlaces.ByCalls(raw, frames, calls, stack);
    }

    private List<int> Calls(IReadOnlyList<UnwoundFrame> frames, Address range, bool parts)
    {
        var calls = new List<int>();
        for (int i = 0; i < frames.Count; i++)
        {
            if (!frames[i].Range.IsNull && (frames[i].Range == range || (parts && _eval.HasPart(frames[i].Range))))
                calls.Add(i);
        }

        return calls;
    }
}
