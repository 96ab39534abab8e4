using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>asyncio's tasks against what asyncio and the interpreter say of them inside the process.</summary>
public sealed class TaskTests
{
    public static TheoryData<string> WithAsyncio
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Embedded is null && interpreter.AtLeast(3, 6)))
                data.Add(interpreter.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WithAsyncio))]
    public void Every_task_has_the_name_the_stack_and_the_waits_that_asyncio_knows(string interpreter) =>
        Compare(PythonChild.Start(Interpreters.Named(interpreter), "tasks.py"));

    [Theory]
    [MemberData(nameof(WithAsyncio))]
    public void Tasks_of_the_classes_in_Python_are_read_too(string interpreter) =>
        Compare(PythonChild.Start(Interpreters.Named(interpreter), "tasks_python.py"));

    /// <summary>There the set of all tasks is a static variable, which a stripped module has no name for.</summary>
    [Fact]
    public void Tasks_of_a_stripped_module_of_3_6_are_found()
    {
        Interpreter interpreter = Interpreters.Named("3.6.15");
        string prefix = Path.GetDirectoryName(Path.GetDirectoryName(interpreter.Executable))!;
        string module = Directory.GetFiles(Path.Combine(prefix, "lib/python3.6/lib-dynload"), "_asyncio.*.so").Single();
        string directory = Directory.CreateTempSubdirectory("kaa-stripped-").FullName;
        try
        {
            Harness.Program.Run("strip", ["--strip-all", "-o", Path.Combine(directory, Path.GetFileName(module)), module]).Exit.ShouldBe(0);
            using PythonChild child = PythonChild.Start(interpreter with { Launch = ["/usr/bin/env", "PYTHONPATH=" + directory, .. interpreter.Launch] }, "tasks.py");
            File.ReadAllText($"/proc/{child.Pid}/maps").ShouldContain(directory);
            Compare(child);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void In_text_a_ring_of_tasks_comes_first_and_those_that_are_awaited_stand_below()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "tasks.py");
        KaaResult result = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--tasks");
        result.Exit.ShouldBe(0, result.Error);
        result.Output.ShouldContain("CYCLE OF TASKS: left waits for right waits for left\n");
        result.Output.ShouldContain("\n* gather (pending) waits for 2 tasks\n");
        result.Output.ShouldContain("\n    > gather: one (");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Generators_that_nobody_drives_are_counted_in_all_generations(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "undriven.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--tasks");
        if (!child.Interpreter.FreeThreaded)
            answer.GetProperty("undriven").GetProperty("generators").GetInt32().ShouldBe(int.Parse(child.Ready, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Without_the_option_there_are_no_tasks()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "tasks.py");
        JsonElement answer = Harness.Kaa.Stacks(child);
        answer.GetProperty("tasks").GetArrayLength().ShouldBe(0);
        answer.TryGetProperty("taskCycles", out _).ShouldBeFalse();
    }

    private static void Compare(PythonChild child)
    {
        using (child)
        {
            JsonElement answer = Harness.Kaa.Stacks(child, "--tasks");
            using JsonDocument ready = child.ReadyJson();
            JsonElement expected = ready.RootElement;
            Dictionary<string, JsonElement> tasks = answer.GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("address").GetString()!);
            var labels = expected.GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("address").GetString()!, Name);
            var differences = new List<string>();
            foreach (JsonElement wanted in expected.GetProperty("tasks").EnumerateArray())
                Compare(wanted, tasks, labels, child, differences);
            if (expected.GetProperty("awaitedBy") is { ValueKind: JsonValueKind.Object } graph)
                CompareWaiters(graph, tasks, labels, differences);
            differences.ShouldBeEmpty();
            tasks.Count.ShouldBe(expected.GetProperty("all").GetInt32());
            labels.Count.ShouldBeGreaterThan(12);
            CompareUndriven(answer, child.Interpreter, expected.GetProperty("generators").GetInt32());
            answer.GetProperty("taskCycles").EnumerateArray().ShouldHaveSingleItem().GetProperty("tasks").EnumerateArray()
                .Select(task => labels[task.GetString()!]).ShouldBe(["left", "right"], ignoreOrder: true);
        }
    }

    private static void Compare(
        JsonElement wanted, Dictionary<string, JsonElement> tasks, Dictionary<string, string> labels, PythonChild child, List<string> differences)
    {
        string label = Name(wanted);
        if (!tasks.TryGetValue(wanted.GetProperty("address").GetString()!, out JsonElement task))
        {
            differences.Add(label + ": no such task");
            return;
        }

        // Before 3.8 tasks have no names.
        Equal(label, "name", child.Interpreter.AtLeast(3, 8) ? label : null, task.GetProperty("name").GetString(), differences);
        Equal(label, "state", wanted.GetProperty("state").GetString(), task.GetProperty("state").GetString(), differences);
        Equal(label, "thread", child.Pid, task.GetProperty("tid").GetInt32(), differences);
        string[] frames = [.. task.GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == "python").Select(Frame)];
        JsonElement stack = wanted.GetProperty("stack");
        if (stack.ValueKind == JsonValueKind.Array)
            Equal(label, "stack", Join(stack.EnumerateArray().Select(Position)), Join(frames), differences);
        else
            frames.Length.ShouldBe(2, "the task that runs has its coroutine's frame and the one inside of it");
        string[] awaits = [.. task.GetProperty("awaits").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "task")
            .Select(one => labels[one.GetProperty("address").GetString()!]).Order(StringComparer.Ordinal)];
        Equal(label, "waits", Join(wanted.GetProperty("waits").EnumerateArray().Select(one => one.GetString()!)), Join(awaits), differences);
    }

    /// <summary>What the fixture holds. Free-threaded builds have no list to count in, and a note says so.</summary>
    private static void CompareUndriven(JsonElement answer, Interpreter interpreter, int generators)
    {
        if (interpreter.FreeThreaded)
        {
            answer.TryGetProperty("undriven", out _).ShouldBeFalse();
            answer.GetProperty("notes").EnumerateArray().ShouldContain(note => note.GetProperty("code").GetString() == "heap-unread");
            return;
        }

        JsonElement undriven = answer.GetProperty("undriven");
        undriven.GetProperty("coroutines").GetInt32().ShouldBe(1);
        undriven.GetProperty("generators").GetInt32().ShouldBe(generators);
        undriven.GetProperty("asyncGenerators").GetInt32().ShouldBe(0);
    }

    private static void CompareWaiters(
        JsonElement graph, Dictionary<string, JsonElement> tasks, Dictionary<string, string> labels, List<string> differences)
    {
        foreach (JsonElement task in tasks.Values)
        {
            string label = labels[task.GetProperty("address").GetString()!];
            IEnumerable<string> waiters = task.GetProperty("awaitedBy").EnumerateArray().Select(one => labels[one.GetString()!]).Order(StringComparer.Ordinal);
            Equal(label, "waiters", Join(graph.GetProperty(label).EnumerateArray().Select(one => one.GetString()!)), Join(waiters), differences);
        }
    }

    private static void Equal<T>(string label, string what, T expected, T actual, List<string> differences)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            differences.Add($"{label}: {what} {actual} instead of {expected}");
    }

    private static string Name(JsonElement task) => task.GetProperty("name").GetString()!;

    private static string Join(IEnumerable<string> texts) => string.Join(", ", texts);

    private static string Position(JsonElement frame) => $"{frame[0].GetString()} {frame[1].GetString()}:{frame[2].GetInt32()}";

    private static string Frame(JsonElement frame) =>
        $"{frame.GetProperty("function").GetString()} {frame.GetProperty("file").GetString()}:{frame.GetProperty("line").GetInt32()}";
}
