using System.Globalization;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report.Tracing;

/// <summary>
/// Hits for a person: a line each, with the time, the thread, the call and the innermost Python frames. With more of the stack wanted, that stands below, a frame a
/// line.
/// </summary>
/// <param name="frames">How many frames stand below the line; 0 for none: the innermost three are on it.</param>
/// <param name="processes">Children are traced too: the thread's name needs its process'.</param>
public sealed class TraceText(StyledWriter writer, int frames, bool processes)
{
    private const int OnTheLine = 3;
    private const int Indent = 4;
    private const double LongCall = 0.001;

    // So that the calls stand below one another, whichever thread makes them.
    private int _threadWidth;

    public void Write(TraceEvent hit)
    {
        string thread = Thread(hit);
        _threadWidth = Math.Max(_threadWidth, Math.Min(Cells.Width(Printable.Escape(thread)), 24));
        writer.Text(hit.Seconds.ToString("0.000000", CultureInfo.InvariantCulture).PadLeft(10), Tone.Faint).Text("  ").Data(thread);
        writer.Text(new string(' ', Math.Max(_threadWidth - Cells.Width(Printable.Escape(thread)), 0) + 2));
        TraceLine.WriteCall(writer, hit);
        if (hit.Duration is >= LongCall and { } duration)
            writer.Text(string.Create(CultureInfo.InvariantCulture, $"  {duration:0.000} s"), Tone.Faint);
        TraceLine.WriteStack(writer, hit.Stack, frames == 0 ? OnTheLine : 0);
        writer.Line();
        if (frames > 0)
            WriteBelow(hit.Stack);
    }

    public static void WriteSummary(TraceSummary summary, StyledWriter writer)
    {
        writer.Text(string.Create(CultureInfo.InvariantCulture, $"kaa: {Quantity.Of(summary.Hits, "hit")} in {summary.Seconds:0.0} s"));
        if (summary.Lost > 0)
            writer.Text(string.Create(CultureInfo.InvariantCulture, $", {summary.Lost:#,0} of them not shown"), Tone.Alarm);
        writer.Line();
        NoteText.Write(summary.Notes, writer);
    }

    private string Thread(TraceEvent hit)
    {
        string name = hit.Thread ?? hit.Tid.ToString(CultureInfo.InvariantCulture);
        return processes ? string.Create(CultureInfo.InvariantCulture, $"{hit.Pid}/{name}") : name;
    }

    private void WriteBelow(TraceStack stack)
    {
        int shown = 0;
        foreach (StackFrame frame in stack.Frames)
        {
            if (shown++ == frames)
                break;
            writer.Text(new string(' ', Indent)).Data((frame as PythonFrame)?.QualifiedName ?? frame.Function ?? "?", Tone.Function).Text("  ");
            if (frame is PythonFrame python)
                writer.Data(python.File ?? "?", Tone.Path).Text(python.Line is { } line ? ":" + line.ToString(CultureInfo.InvariantCulture) : "");
            writer.Line();
        }

        if (stack.Frames.Count > frames)
            writer.Text(new string(' ', Indent)).Text(string.Create(CultureInfo.InvariantCulture, $"{stack.Frames.Count - frames} more"), Tone.Faint).Line();
        if (stack.Truncated is { } why)
            writer.Text(new string(' ', Indent)).Text("? (", Tone.Faint).Data(why, Tone.Faint).Text(")", Tone.Faint).Line();
    }
}
