using System.Globalization;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report.Tracing;

/// <summary><c>--top</c> for a person: which call comes from which Python line, how often, and how it got there.</summary>
public static class TraceTopText
{
    private const int MostGroups = 30;
    private const int Callers = 8;

    public static void Write(TraceGroups groups, StyledWriter writer)
    {
        if (groups.Count == 0)
            return;
        writer.Text("      hits   share   total time  call and Python line", Tone.Heading).Line();
        int shown = 0;
        List<TraceGroup> sorted = groups.Sorted();
        foreach (TraceGroup group in sorted)
        {
            if (shown++ == MostGroups)
                break;
            WriteGroup(group, groups.Count, writer);
        }

        if (sorted.Count > MostGroups)
            writer.Text(string.Create(CultureInfo.InvariantCulture, $"and {Quantity.Of(sorted.Count - MostGroups, "more line")}"), Tone.Faint).Line();
    }

    private static void WriteGroup(TraceGroup group, long all, StyledWriter writer)
    {
        const string Below = "                                ";
        string counts = string.Create(CultureInfo.InvariantCulture, $"{group.Count,10:#,0} {100.0 * group.Count / all,6:0.0}% {group.TotalSeconds,10:0.000} s  ");
        writer.Text(counts).Data(group.First.Name, Tone.Function).Text(" from ");
        if (group.First.Stack.Innermost is { } frame)
            writer.Data(frame.QualifiedName ?? frame.Function ?? "?").Text("  ").Data(frame.File ?? "?", Tone.Path).Text(frame.Line is { } line ? ":" + line.ToString(CultureInfo.InvariantCulture) : "");
        else
            writer.Text(group.First.Stack.Truncated is { } why ? "unknown code (" + why + ")" : "no Python code");
        if (group.Errors > 0)
            writer.Text(string.Create(CultureInfo.InvariantCulture, $"  {group.Errors:#,0} failed"), Tone.Alarm);
        writer.Line();
        (TraceEvent example, long count) = group.MostFrequent;
        writer.Text(Below);
        TraceLine.WriteCall(writer, example);
        writer.Text("  " + Quantity.Of(count, "time"), Tone.Faint).Line();
        if (group.First.Stack.Frames.Count <= 1)
            return;
        writer.Text(Below.AsSpan(1));
        TraceLine.WriteStack(writer, new TraceStack([.. OuterFrames(group.First.Stack)], group.First.Stack.Truncated), Callers);
        writer.Line();
    }

    private static List<StackFrame> OuterFrames(TraceStack stack)
    {
        var outer = new List<StackFrame>(stack.Frames);
        outer.RemoveAt(0);
        return outer;
    }
}
