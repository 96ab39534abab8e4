using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>trio's tasks against what trio says of them: from its root task through all nurseries.</summary>
public sealed class TrioTests
{
    public static TheoryData<string, string> WithTrio { get; } = Modules.WithTrio;

    [Theory]
    [MemberData(nameof(WithTrio))]
    public void Every_task_has_the_name_the_stack_and_the_nursery_that_trio_knows(string suite, string interpreter)
    {
        using PythonChild child = Start(suite, interpreter, "trio_tasks.py");
        Compare(child, Harness.Kaa.Stacks(child, "--tasks"), child.Pid);
    }

    [Theory]
    [MemberData(nameof(WithTrio))]
    public void Tasks_of_a_guest_are_found_among_all_objects(string suite, string interpreter)
    {
        if (Interpreters.Named(interpreter).FreeThreaded)
            return;
        using PythonChild child = Start(suite, interpreter, "trio_guest.py");
        Compare(child, Harness.Kaa.Stacks(child, "--tasks"), null);
    }

    [Theory]
    [MemberData(nameof(WithTrio))]
    public void A_core_tells_the_tasks_of_the_process(string suite, string interpreter)
    {
        using var cores = new Cores();
        using PythonChild child = Start(suite, interpreter, "trio_tasks.py");
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        Compare(child, Harness.Kaa.Run(["bt", cores.Gcore(child), "--json", "--tasks", .. root]).Json, child.Pid);
    }

    [Fact]
    public void In_text_the_nurseries_are_the_tree()
    {
        using PythonChild child = Start("bookworm", Interpreters.Any.Name, "trio_tasks.py");
        KaaResult result = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--tasks");
        result.Exit.ShouldBe(0, result.Error);
        result.Output.ShouldContain("\n    > nursery: __main__.main (running) has 10 tasks in its nurseries\n");
        result.Output.ShouldContain("\n        > nursery: __main__.group (pending) waits for 2 tasks\n");
        result.Output.ShouldContain("\n            > nursery: in group 0 (pending) waits for sleep_forever\n");
        result.Output.ShouldContain("__main__.busy_group (pending) waits for sleep_forever, and has a task in its nurseries\n");
    }

    private static PythonChild Start(string suite, string interpreter, string fixture) =>
        PythonChild.Start(Modules.Of(suite, Interpreters.Named(interpreter))!, fixture);

    private static void Compare(PythonChild child, JsonElement answer, int? tid)
    {
        using JsonDocument ready = child.ReadyJson();
        var tasks = answer.GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("address").GetString()!);
        var differences = new List<string>();
        int count = 0;
        foreach (JsonProperty wanted in ready.RootElement.GetProperty("tasks").EnumerateObject())
        {
            count++;
            string expected = Expected(wanted.Value, tid);
            string actual = tasks.TryGetValue(wanted.Name, out JsonElement task) ? Actual(task, wanted.Value) : "no such task";
            if (expected != actual)
                differences.Add($"{wanted.Name}: {actual} instead of {expected}");
        }

        differences.ShouldBeEmpty();
        tasks.Count.ShouldBe(count);
        count.ShouldBeGreaterThan(12);
        answer.GetProperty("taskCycles").GetArrayLength().ShouldBe(0);
    }

    private static string Expected(JsonElement wanted, int? tid)
    {
        JsonElement stack = wanted.GetProperty("stack");
        string frames = stack.ValueKind == JsonValueKind.Array ? string.Join(", ", stack.EnumerateArray().Select(frame => $"{frame[0]} {frame[1]}:{frame[2]}")) : "runs";
        string children = string.Join(" ", wanted.GetProperty("children").EnumerateArray().Select(child => child.GetString()));
        return $"{wanted.GetProperty("name")} {wanted.GetProperty("state")} {tid} {wanted.GetProperty("parent").GetString()} [{children}] {frames}";
    }

    private static string Actual(JsonElement task, JsonElement wanted)
    {
        IEnumerable<string> found = task.GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == "python")
            .Select(frame => $"{frame.GetProperty("function").GetString()} {frame.GetProperty("file").GetString()}:{frame.GetProperty("line").GetInt32()}");
        string frames = wanted.GetProperty("stack").ValueKind == JsonValueKind.Array ? string.Join(", ", found) : "runs";
        IEnumerable<string> children = task.GetProperty("awaits").EnumerateArray().Where(one => one.GetProperty("via").GetString() == "nursery")
            .Select(one => one.GetProperty("address").GetString()!).Order(StringComparer.Ordinal);
        string? parent = task.GetProperty("awaitedBy").EnumerateArray().Select(one => one.GetString()).SingleOrDefault();
        JsonElement tid = task.GetProperty("tid");
        string thread = tid.ValueKind == JsonValueKind.Null ? "" : tid.GetInt32().ToString(CultureInfo.InvariantCulture);
        return $"{task.GetProperty("name")} {task.GetProperty("state")} {thread} {parent} [{string.Join(" ", children)}] {frames}";
    }
}
