using System.Globalization;
using Kaa.Control.Debugging.Stack;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>Frames of Python as libpython.py, CPython's own script for gdb, writes them.</summary>
internal sealed class PythonLines(DebugSession session)
{
    /// <summary>What libpython.py ends a value with that it cuts.</summary>
    public const string Truncated = "...(truncated)";

    private ISessionOutput Output => session.Output;

    /// <summary><c>Frame 0x7f…, for file x.py, line 3, in f</c>.</summary>
    public static string Title(RawFrame raw, PythonFrame frame) => string.Create(
        CultureInfo.InvariantCulture, $"Frame {raw.Address}, for file {frame.File ?? "?"}, line {LineOf(frame)}, in {frame.Function ?? "?"}");

    /// <summary><c>File "x.py", line 3, in f</c> and the source line.</summary>
    public void WriteTraceback(RawFrame raw)
    {
        PythonFrame frame = PythonMoment.Describe(raw);
        Output.Write("  File \"");
        Output.Write(SessionText.Data(frame.File ?? "?"), SessionTone.Path);
        Output.Write($"\", line {LineOf(frame)}, in ");
        Output.Line(SessionText.Data(frame.Function ?? "?"), SessionTone.Function);
        WriteSource(frame);
    }

    /// <summary><c>#3 Frame …, in f (x=1)</c> and the source line.</summary>
    public void WriteSummary(int index, StackView view)
    {
        RawFrame raw = view.PythonFrames[index];
        PythonFrame frame = PythonMoment.Describe(raw);
        string level = LevelOf(index, view).ToString(CultureInfo.InvariantCulture);
        string text = Title(raw, frame) + " (" + string.Join(", ", Slots(raw).Select(local => local.Name + "=" + Value(local))) + ")";
        int most = session.Settings.PythonText;
        if (text.Length > most)
            text = text[..most] + Truncated;
        Output.Line("#" + level + " " + SessionText.Data(text));
        WriteSource(frame);
    }

    /// <summary>The level of the C frame that runs a Python frame.</summary>
    public static int LevelOf(int index, StackView view)
    {
        foreach (FrameView frame in view.Frames)
        {
            if (frame.Python.Contains(index))
                return frame.Level;
        }

        return 0;
    }

    /// <summary>A variable's value, cut as libpython.py does it.</summary>
    public static string Value(LocalVariable local) => Value(local.Value, local.Unreadable);

    public static string Value(string? text, string? unreadable)
    {
        if (text is null)
            return $"<unknown: {unreadable ?? "not read"}>";
        return text.EndsWith('…') ? text[..^1] + Truncated : text;
    }

    /// <summary>The variables that lie in the frame; not those of a namespace.</summary>
    public IEnumerable<LocalVariable> Slots(RawFrame raw)
    {
        bool hasSlots = (raw.Code.Flags & CodeFlags.Optimized) != 0;
        return hasSlots ? Locals(raw) : [];
    }

    public IReadOnlyList<LocalVariable> Locals(RawFrame raw)
    {
        try
        {
            return session.Stack.Moment!.Locals(raw, session.PythonValues());
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            throw new UserError("unreadable", "Unable to read information on python frame", fault.Message, fault);
        }
    }

    private void WriteSource(PythonFrame frame)
    {
        if (session.Sources.AddTo(frame, 1).Source is { } source)
            Output.Line("    " + SessionText.Data(source));
    }

    private static string LineOf(PythonFrame frame) => frame.Line?.ToString(CultureInfo.InvariantCulture) ?? "?";
}
