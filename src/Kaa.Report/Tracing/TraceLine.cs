using System.Globalization;
using System.Text;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report.Tracing;

/// <summary>Parts of a hit as text.</summary>
internal static class TraceLine
{
    /// <summary><c>AT_FDCWD, '/tmp/x', O_RDONLY</c>.</summary>
    public static string Arguments(TraceEvent hit)
    {
        if (hit.Arguments.Count == 1)
            return hit.Arguments[0].Value;
        var text = new StringBuilder();
        foreach (TraceArgument argument in hit.Arguments)
            text.Append(text.Length == 0 ? "" : ", ").Append(argument.Value);
        return text.ToString();
    }

    /// <summary><c>zipfile.py:180</c>: as much of the path as tells files apart by which one is used to call them.</summary>
    public static string Place(PythonFrame frame)
    {
        string file = frame.File ?? "?";
        int at = file.LastIndexOf('/');
        string name = file[(at + 1)..];

        // Every package has one of these.
        if (at > 0 && name is "__init__.py" or "__main__.py")
            name = file[(file.LastIndexOf('/', at - 1) + 1)..];
        return frame.Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"{name}:{line}") : name;
    }

    public static void WriteCall(StyledWriter writer, TraceEvent hit)
    {
        writer.Data(hit.Name, Tone.Function).Text("(").Data(Arguments(hit)).Text(")");
        if (hit.Result is { } result)
            writer.Text(" = ").Data(result.Text, result.Error is null ? Tone.Plain : Tone.Alarm);
    }

    /// <summary>The innermost frames, on the same line.</summary>
    public static void WriteStack(StyledWriter writer, TraceStack stack, int most)
    {
        int shown = 0;
        foreach (StackFrame frame in stack.Frames)
        {
            if (shown == most)
                break;
            shown++;
            writer.Text(" ← ", Tone.Faint).Data(frame.Function ?? "?");
            if (frame is PythonFrame python)
                writer.Text(" ").Data(Place(python), Tone.Path);
        }

        if (stack.Frames.Count > shown && shown > 0)
            writer.Text(" ← ", Tone.Faint).Text(string.Create(CultureInfo.InvariantCulture, $"{stack.Frames.Count - shown} more"), Tone.Faint);
        if (stack.Truncated is { } why && (shown > 0 || most > 0))
            writer.Text(" ← ", Tone.Faint).Text("? (", Tone.Faint).Data(why, Tone.Faint).Text(")", Tone.Faint);
    }
}
