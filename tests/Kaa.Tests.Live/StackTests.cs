using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Frames against what the interpreter itself reports: <c>sys._current_frames()</c>.</summary>
public sealed class StackTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Every_kind_of_call_has_the_frames_that_the_interpreter_reports(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "stacks.py");
        JsonElement answer = Harness.Kaa.Stacks(child);
        Dictionary<ulong, JsonElement> threads = answer.GetProperty("threads").EnumerateArray().ToDictionary(thread => thread.GetProperty("ident").GetUInt64());
        var differences = new List<string>();
        using JsonDocument expected = child.ReadyJson();
        foreach (JsonElement wanted in expected.RootElement.EnumerateArray())
            Compare(wanted, threads, child.Interpreter, differences);
        differences.ShouldBeEmpty();
        expected.RootElement.GetArrayLength().ShouldBeGreaterThan(50);
    }

    private static void Compare(JsonElement wanted, Dictionary<ulong, JsonElement> threads, Interpreter interpreter, List<string> differences)
    {
        string name = wanted.GetProperty("case").GetString()!;
        if (!threads.TryGetValue(wanted.GetProperty("ident").GetUInt64(), out JsonElement thread))
        {
            differences.Add($"{name}: no such thread");
            return;
        }

        if (thread.GetProperty("name").GetString() != name)
            differences.Add($"{name}: the thread is called {thread.GetProperty("name")}");
        string[] expected = [.. wanted.GetProperty("frames").EnumerateArray().Select(Expected)];
        JsonElement[] frames = [.. thread.GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == "python")];
        string[] actual = [.. frames.Select(Actual)];
        if (!expected.SequenceEqual(actual))
            differences.Add($"{name}:\n  expected {string.Join("\n           ", expected)}\n  actual   {string.Join("\n           ", actual)}");
        else
            CompareNames(name, wanted, frames, interpreter, differences);
    }

    /// <summary>From 3.11 on a code object knows its qualified name; before, it is known from classes, or not at all. 2.7's fixture can't tell any.</summary>
    private static void CompareNames(string name, JsonElement wanted, JsonElement[] frames, Interpreter interpreter, List<string> differences)
    {
        int index = 0;
        foreach (JsonElement frame in wanted.GetProperty("frames").EnumerateArray())
        {
            string? expected = frame[3].GetString();
            string? actual = frames[index++].GetProperty("qualifiedName").GetString();
            if (actual != expected && (interpreter.AtLeast(3, 11) || (actual is not null && expected is not null)))
                differences.Add($"{name}: qualified name {actual ?? "null"} instead of {expected ?? "null"}");
        }
    }

    private static string Expected(JsonElement frame)
    {
        string columns = frame[4].ValueKind == JsonValueKind.Null ? "null:null:null" : string.Join(':', frame[4].EnumerateArray().Select(Text));
        return $"{frame[1].GetString()}:{frame[2].GetInt32()} {frame[0].GetString()} {columns}";
    }

    private static string Actual(JsonElement frame)
    {
        string columns = string.Join(':', new[] { "endLine", "column", "endColumn" }.Select(key => Text(frame.GetProperty(key))));
        return $"{frame.GetProperty("file").GetString()}:{Text(frame.GetProperty("line"))} {frame.GetProperty("function").GetString()} {columns}";
    }

    private static string Text(JsonElement number) =>
        number.ValueKind == JsonValueKind.Null ? "null" : number.GetInt32().ToString(CultureInfo.InvariantCulture);
}
