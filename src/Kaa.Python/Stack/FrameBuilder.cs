using Kaa.Formats;
using Kaa.Python.Builtins;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Results;

namespace Kaa.Python.Stack;

/// <summary>Turns frames as they were found into frames as they are shown; serves one look.</summary>
internal sealed class FrameBuilder(PythonProcess process, StackOptions options, PyObjects objects)
{
    /// <summary>Deep recursion repeats the same frame: one result serves all of them.</summary>
    private readonly Dictionary<(PyCode Code, int Instruction, int? TracedLine), PythonFrame> _frames = [];

    private readonly QualifiedNames? _qualifiedNames = process.HasQualifiedNames ? null : new QualifiedNames(objects, process.Layout);

    private readonly BuiltinFinder? _builtins = options.Builtins ? BuiltinFinder.For(objects, process.Layout, process.StackRefTags) : null;

    /// <param name="thread">One whose stack was read.</param>
    /// <param name="blocked">It sleeps in a system call, and surely not for the GIL.</param>
    /// <param name="truncated">Why the stack ends early, or its locals do.</param>
    public IReadOnlyList<StackFrame> Build(RawThread thread, bool blocked, out string? truncated) =>
        Build(thread.Stack ?? RawStack.Empty, _builtins, thread.Tracing, blocked, out truncated);

    /// <summary>The frames of suspended coroutines and greenlets, which no C function is shown inside of.</summary>
    public IReadOnlyList<StackFrame> BuildSuspended(RawStack stack, out string? truncated) =>
        Build(stack, null, tracing: false, blocked: false, out truncated);

    private List<StackFrame> Build(RawStack stack, BuiltinFinder? builtins, bool tracing, bool blocked, out string? truncated)
    {
        truncated = stack.Truncated;
        var frames = new List<StackFrame>(stack.Frames.Count + 1);
        builtins?.BeginStack();
        for (int i = 0; i < stack.Frames.Count; i++)
        {
            RawFrame frame = stack.Frames[i];
            // A tracing function is called in front of an instruction; which of the frames it traces can't be told.
            if (builtins is not null && (i == 0 || (!tracing && CallsC(stack.Frames, i))) && builtins.Find(frame, blocked && i == 0) is { } builtin)
                frames.Add(builtin);
            PythonFrame shown = Build(frame);
            frames.Add(options.Locals is null ? shown : shown with { Locals = Locals(frame, options.Locals, ref truncated) });
        }

        return frames;
    }

    /// <summary>
    /// False where the frame inside of this one is run by the same C call of the eval function (3.11+): no C function is between them. Up to
    /// 3.10 each frame has a C call of its own.
    /// </summary>
    private static bool CallsC(IReadOnlyList<RawFrame> frames, int index) =>
        frames[index].EvalFrame.IsNull || frames[index].EvalFrame != frames[index - 1].EvalFrame;

    private PythonFrame Build(RawFrame frame)
    {
        var key = (frame.Code, frame.Instruction, frame.TracedLine);
        if (_frames.TryGetValue(key, out PythonFrame? known))
            return known;
        PyCode code = frame.Code;
        CodeLocation at = frame.TracedLine is { } traced ? new CodeLocation(traced < 0 ? null : traced) : code.Locate(frame.Instruction);
        var shown = new PythonFrame(code.Name)
        {
            QualifiedName = code.QualifiedName ?? _qualifiedNames?.Find(frame),
            File = code.File,
            Line = at.Line,
            EndLine = at.EndLine,
            Column = at.Column,
            EndColumn = at.EndColumn,
            Unreadable = code.Unreadable,
        };
        _frames.Add(key, shown);
        return shown;
    }

    private IReadOnlyList<LocalVariable> Locals(RawFrame frame, IFrameLocals locals, ref string? truncated)
    {
        try
        {
            return locals.Read(new FrameAtLook(frame, process.Layout, objects, process.StackRefTags));
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            truncated ??= "locals: " + fault.Message;
            return [];
        }
    }
}
