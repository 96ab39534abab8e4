using Kaa.Formats;
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

    /// <param name="truncated">Why the stack ends early, or its locals do.</param>
    public IReadOnlyList<StackFrame> Build(RawStack stack, out string? truncated)
    {
        truncated = stack.Truncated;
        var frames = new List<StackFrame>(stack.Frames.Count + 1);
        foreach (RawFrame frame in stack.Frames)
        {
            PythonFrame shown = Build(frame);
            frames.Add(options.Locals is null ? shown : shown with { Locals = Locals(frame, options.Locals, ref truncated) });
        }

        return frames;
    }

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
