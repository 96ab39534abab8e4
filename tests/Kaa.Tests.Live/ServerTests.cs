using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Greenlets, and real servers of Debian's packages under load: what waits in them has the stack that it says itself.</summary>
public sealed class ServerTests
{
    private const int Attempts = 5;

    public static TheoryData<string> Greenlet => With("greenlet");

    public static TheoryData<string> Gevent => With("gevent");

    public static TheoryData<string, string> Eventlet { get; } = Modules.WithEventlet;

    public static TheoryData<string> Aiohttp => With("aiohttp");

    public static TheoryData<string> Uvloop => With("uvloop");

    [Theory]
    [MemberData(nameof(Greenlet))]
    public void Suspended_greenlets_have_the_stacks_with_which_they_let_go(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "greenlets.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--tasks");
        Compare(child, answer, "greenlets");

        // Neither those that have not begun, nor those that have ended.
        int parents = 1;
        using JsonDocument ready = child.ReadyJson();
        answer.GetProperty("tasks").GetArrayLength().ShouldBe(ready.RootElement.GetProperty("greenlets").EnumerateObject().Count() + parents);
    }

    [Theory]
    [MemberData(nameof(Greenlet))]
    public void A_core_tells_the_greenlets_of_the_process(string interpreter)
    {
        using var cores = new Cores();
        using PythonChild child = cores.Start(Interpreters.Named(interpreter), "greenlets.py");
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", cores.Gcore(child), "--json", "--tasks", .. root]);
        Compare(child, result.Json, "greenlets");
    }

    /// <summary>0.4, which has the structure of 1, and 2; sid's own is 3.</summary>
    public static TheoryData<string, string> Greenlets { get; } = Modules.WithGreenlet;

    [Theory]
    [MemberData(nameof(Greenlets))]
    public void Suspended_greenlets_of_every_version_have_their_stacks(string suite, string interpreter)
    {
        using PythonChild child = PythonChild.Start(Modules.Of(suite, Interpreters.Named(interpreter))!, "greenlets.py");
        Compare(child, Harness.Kaa.Stacks(child, "--tasks"), "greenlets");
    }

    /// <summary>What lies behind its first call belongs to whoever began it, or to nobody any more.</summary>
    [Theory]
    [MemberData(nameof(Greenlets))]
    public void The_C_stack_of_a_running_greenlet_ends_where_it_began(string suite, string interpreter)
    {
        using PythonChild child = PythonChild.Start(Modules.Of(suite, Interpreters.Named(interpreter))!, "greenlet_runs.py");
        JsonElement[] frames = [.. Harness.Kaa.Stacks(child, "--native-all").GetProperty("threads")[0].GetProperty("frames").EnumerateArray()];
        frames.Last(frame => frame.GetProperty("kind").GetString() == "python").GetProperty("line").GetInt32().ShouldBe(Line("running = "));
        frames[^1].GetProperty("kind").GetString().ShouldBe("native");
        Path.GetFileName(frames[^1].GetProperty("module").GetString())!.ShouldContain("greenlet.");
        frames.Count(frame => frame.GetProperty("kind").GetString() == "native").ShouldBeGreaterThan(10);
    }

    private static int Line(string begin) =>
        1 + Array.FindIndex(File.ReadAllLines(Repository.Fixture("greenlet_runs.py")), line => line.StartsWith(begin, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Gevent))]
    public void Greenlets_of_a_gevent_server_are_told(string interpreter) => CompareUnderLoad(Interpreters.Named(interpreter), "gevent_server.py", "greenlets");

    [Theory]
    [MemberData(nameof(Eventlet))]
    public void Greenlets_of_an_eventlet_server_are_told(string suite, string interpreter) =>
        CompareUnderLoad(Modules.Of(suite, Interpreters.Named(interpreter))!, "eventlet_server.py", "greenlets");

    [Theory]
    [MemberData(nameof(Aiohttp))]
    public void Tasks_of_an_aiohttp_server_are_told(string interpreter) => CompareUnderLoad(Interpreters.Named(interpreter), "aiohttp_server.py", "tasks");

    [Theory]
    [MemberData(nameof(Uvloop))]
    public void Tasks_of_a_server_on_uvloop_are_told(string interpreter) => CompareUnderLoad(Interpreters.Named(interpreter), "uvloop_server.py", "tasks");

    /// <summary>A look that the load made incomplete says so, and is taken again.</summary>
    private static void CompareUnderLoad(Interpreter interpreter, string fixture, string kind)
    {
        using PythonChild child = PythonChild.Start(interpreter, fixture);
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        KaaResult result = Harness.Kaa.Run("bt", pid, "--tasks", "--json", "--max-pause", "1000");
        for (int attempt = 1; attempt < Attempts && result.Exit == 3; attempt++)
            result = Harness.Kaa.Run("bt", pid, "--tasks", "--json", "--max-pause", "1000");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        Compare(child, result.Json, kind);
    }

    private static void Compare(PythonChild child, JsonElement answer, string kind)
    {
        var tasks = answer.GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("address").GetString()!);
        using JsonDocument ready = child.ReadyJson();
        var differences = new List<string>();
        int count = 0;
        foreach (JsonProperty wanted in ready.RootElement.GetProperty(kind).EnumerateObject())
        {
            count++;
            string expected = string.Join(", ", wanted.Value.EnumerateArray().Select(frame => $"{frame[0]} {frame[1]}:{frame[2]}"));
            string actual = tasks.TryGetValue(wanted.Name, out JsonElement task) ? string.Join(", ", Frames(task)) : "nothing";
            if (expected != actual)
                differences.Add($"{wanted.Name}: {actual} instead of {expected}");
        }

        count.ShouldBeGreaterThan(4);
        differences.ShouldBeEmpty();
    }

    private static IEnumerable<string> Frames(JsonElement task) => task.GetProperty("frames").EnumerateArray()
        .Where(frame => frame.GetProperty("kind").GetString() == "python")
        .Select(frame => $"{frame.GetProperty("function").GetString()} {frame.GetProperty("file").GetString()}:{frame.GetProperty("line").GetInt32()}");

    /// <summary>Debian's packages serve its own interpreters.</summary>
    private static TheoryData<string> With(string module)
    {
        var data = new TheoryData<string>();
        foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Name is "3.11-debian" or "3.14-sid"))
        {
            if (Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", "import " + module]).Exit == 0)
                data.Add(interpreter.Name);
        }

        return data;
    }
}
