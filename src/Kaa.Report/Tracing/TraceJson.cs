using System.Text.Json;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Report.Tracing;

/// <summary>Hits as JSON lines: an object for each, and a last one, <c>"event":"end"</c>, that says what the trace did not get.</summary>
public sealed class TraceJson
{
    private const int KeptStacks = 4096;

    /// <summary>Most hits come from few places: the text of their stacks is made once.</summary>
    private readonly Dictionary<TraceStack, byte[]> _stacks = new(ReferenceEqualityComparer.Instance);

    public void Write(TraceEvent hit, Utf8JsonWriter json)
    {
        Begin(json);
        json.WriteNumber("seconds"u8, Math.Round(hit.Seconds, 6));
        json.WriteNumber("pid"u8, hit.Pid);
        json.WriteNumber("tid"u8, hit.Tid);
        json.Text("thread"u8, hit.Thread);
        json.WriteString("event"u8, JsonNames.Of(hit.Kind));
        json.Text("name"u8, hit.Name);
        json.Text("module"u8, hit.Module);
        WriteArguments(json, hit.Arguments);
        WriteResult(json, hit);
        WriteStack(json, hit.Stack);
        json.WriteEndObject();
    }

    public static void Write(TraceSummary summary, Utf8JsonWriter json)
    {
        Begin(json);
        json.WriteString("event"u8, "end"u8);
        json.WriteNumber("seconds"u8, Math.Round(summary.Seconds, 6));
        json.WriteNumber("hits"u8, summary.Hits);
        json.WriteNumber("lost"u8, summary.Lost);
        NoteJson.Write(json, "notes"u8, summary.Notes);
        json.WriteEndObject();
    }

    /// <summary>One line of <c>--top</c>.</summary>
    public void Write(TraceGroup group, Utf8JsonWriter json)
    {
        (TraceEvent example, long count) = group.MostFrequent;
        PythonFrame? frame = group.First.Stack.Innermost;
        Begin(json);
        json.WriteString("event"u8, "group"u8);
        json.WriteString("of"u8, JsonNames.Of(group.First.Kind));
        json.Text("name"u8, group.First.Name);
        json.Text("module"u8, group.First.Module);
        json.WriteNumber("count"u8, group.Count);
        json.WriteNumber("errors"u8, group.Errors);
        json.WriteNumber("totalSeconds"u8, Math.Round(group.TotalSeconds, 6));
        json.Text("function"u8, frame?.Function);
        json.Text("file"u8, frame?.File);
        json.Number("line"u8, frame?.Line);
        json.WriteStartObject("example"u8);
        json.WriteNumber("count"u8, count);
        WriteArguments(json, example.Arguments);
        WriteResult(json, example);
        json.WriteEndObject();
        WriteStack(json, group.First.Stack);
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
    }

    private static void WriteArguments(Utf8JsonWriter json, IReadOnlyList<TraceArgument> arguments)
    {
        json.WriteStartArray("args"u8);
        foreach (TraceArgument argument in arguments)
        {
            json.WriteStartObject();
            json.Text("name"u8, argument.Name);
            json.Text("value"u8, argument.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResult(Utf8JsonWriter json, TraceEvent hit)
    {
        json.Text("result"u8, hit.Result?.Text);
        json.Number("returned"u8, hit.Result?.Value);
        json.Text("error"u8, hit.Result?.Error);
        if (hit.Duration is { } duration)
            json.WriteNumber("durationSeconds"u8, Math.Round(duration, 6));
        else
            json.WriteNull("durationSeconds"u8);
    }

    private void WriteStack(Utf8JsonWriter json, TraceStack stack)
    {
        if (!_stacks.TryGetValue(stack, out byte[]? text))
        {
            if (_stacks.Count == KeptStacks)
                _stacks.Clear();
            _stacks.Add(stack, text = Render(stack));
        }

        json.WritePropertyName("stack"u8);
        json.WriteRawValue(text, skipInputValidation: true);
        if (stack.Truncated is not null)
            json.Text("stackTruncated"u8, stack.Truncated);
    }

    private static byte[] Render(TraceStack stack)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartArray();
            foreach (StackFrame frame in stack.Frames)
            {
                json.WriteStartObject();
                json.WriteString("kind"u8, frame is PythonFrame ? "python"u8 : frame is BuiltinFrame ? "builtin"u8 : "native"u8);
                json.Text("function"u8, frame.Function);
                if (frame is PythonFrame python)
                {
                    json.Text("qualifiedName"u8, python.QualifiedName);
                    json.Text("file"u8, python.File);
                    json.Number("line"u8, python.Line);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }
}
