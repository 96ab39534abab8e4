using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;

namespace Kaa.Python.Stack;

/// <summary>Walks a thread's frames from the innermost outwards; serves one look.</summary>
internal abstract class FrameChain(PyObjects objects, PyLayout layout, PySemantics semantics)
{
    private protected PyObjects Objects { get; } = objects;

    private protected IMemory Memory => Objects.Memory;

    private protected PyLayout Layout { get; } = layout;

    private protected PySemantics Semantics { get; } = semantics;

    public CodeReader Codes { get; } = new(objects, layout, semantics);

    /// <summary>Which of the two forms a version has shows in its layout: since 3.11 frames are no objects.</summary>
    public static FrameChain For(PyObjects objects, PyLayout layout, PySemantics semantics) =>
        layout.Frame.previous == Offset.Absent
            ? new FrameObjectChain(objects, layout, semantics)
            : new InterpreterFrameChain(objects, layout, semantics);

    /// <summary>What can be had of a thread's frames. A torn chain ends the stack with a reason; only the end of the whole look is thrown.</summary>
    /// <param name="thread">The bytes of its <c>PyThreadState</c>.</param>
    public RawStack Walk(ReadOnlySpan<byte> thread)
    {
        var frames = new List<RawFrame>();
        string? truncated = null;
        try
        {
            Walk(thread, frames);
        }
        catch (TargetFault fault)
        {
            truncated = fault.Message;
            if (fault.Reason == FaultReason.Gone)
                throw;
        }

        return new RawStack(frames, truncated);
    }

    /// <summary>A frame that no chain leads to: a suspended generator's, or the innermost of a suspended greenlet.</summary>
    /// <exception cref="TargetFault">No frame lies there.</exception>
    public abstract RawFrame ReadOne(Address frame);

    /// <summary>Frames from one on that no thread runs, as <see cref="Walk(ReadOnlySpan{byte})"/> gives those of a thread.</summary>
    public RawStack WalkFrom(Address innermost)
    {
        var frames = new List<RawFrame>();
        string? truncated = null;
        try
        {
            WalkFrom(innermost, frames);
        }
        catch (TargetFault fault)
        {
            truncated = fault.Message;
            if (fault.Reason == FaultReason.Gone)
                throw;
        }

        return new RawStack(frames, truncated);
    }

    private protected abstract void Walk(ReadOnlySpan<byte> thread, List<RawFrame> frames);

    private protected abstract void WalkFrom(Address innermost, List<RawFrame> frames);

    /// <summary>Ends a walk whose guard said no.</summary>
    private protected static TargetFault Endless(List<RawFrame> frames, Address frame, int count)
    {
        if (count >= Limits.Frames)
            return TargetFault.Nonsense(frame, "more frames than there can be");
        CutAtFirstRepetition(frames);
        return TargetFault.Nonsense(frame, "frames that run in a circle");
    }

    private static void CutAtFirstRepetition(List<RawFrame> frames)
    {
        var seen = new HashSet<Address>();
        for (int i = 0; i < frames.Count; i++)
        {
            if (!seen.Add(frames[i].Address))
            {
                frames.RemoveRange(i, frames.Count - i);
                return;
            }
        }
    }

    private protected int? TracedLine(bool traced, int line) => Semantics.TracedLine switch
    {
        TracedLineForm.WhereTraced => traced ? line : null,
        TracedLineForm.WhereNotZero => line != 0 ? line : null,
        _ => line > 0 ? line : null,
    };
}
