using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The keys of docs/json.md, all of them and no others, on real answers.</summary>
public sealed class ContractTests
{
    [Fact]
    public void An_answer_has_the_keys_of_the_contract()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "stacks.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--locals");
        Keys(answer).ShouldBe(["schema", "target", "interpreter", "pauseMicroseconds", "deadlocks", "threads", "tasks", "notes"]);
        answer.GetProperty("schema").GetInt32().ShouldBe(1);
        Keys(answer.GetProperty("target")).ShouldBe(["kind", "pid", "containerPid", "path", "command", "signal"]);
        Keys(answer.GetProperty("interpreter"))
            .ShouldBe(["implementation", "version", "executable", "library", "debug", "freeThreaded", "layout", "phase"]);
        JsonElement thread = answer.GetProperty("threads").EnumerateArray().First(one => one.GetProperty("waitingFor").ValueKind == JsonValueKind.Object);
        Keys(thread).ShouldBe(["tid", "ident", "name", "main", "interpreter", "state", "stopped", "holdsGil", "gc", "waitingFor", "frames"]);
        Keys(thread.GetProperty("waitingFor")).ShouldBe(["kind", "address", "ownerTid", "fd", "description"]);
        JsonElement frame = thread.GetProperty("frames").EnumerateArray().First(one => one.GetProperty("kind").GetString() == "python");
        Keys(frame).ShouldBe(["kind", "function", "qualifiedName", "file", "line", "endLine", "column", "endColumn", "source", "locals"]);
        Keys(frame.GetProperty("locals")[0]).ShouldBe(["name", "scope", "argument", "type", "value", "length"]);
    }

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void The_interpreter_is_described(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "parked.py");
        JsonElement answer = Harness.Kaa.Stacks(child);
        JsonElement python = answer.GetProperty("interpreter");
        python.GetProperty("version").GetString().ShouldBe(child.Interpreter.Version);
        python.GetProperty("debug").GetBoolean().ShouldBe(child.Interpreter.Debug);
        python.GetProperty("freeThreaded").GetBoolean().ShouldBe(child.Interpreter.FreeThreaded);
        python.GetProperty("phase").GetString().ShouldBe("running");
        JsonElement main = answer.GetProperty("threads").EnumerateArray().Single(thread => thread.GetProperty("main").GetBoolean());
        main.GetProperty("tid").GetInt32().ShouldBe(child.Pid);
        main.GetProperty("state").GetString().ShouldBe("sleeping");
        main.GetProperty("holdsGil").ValueKind.ShouldBe(child.Interpreter.FreeThreaded ? JsonValueKind.Null : JsonValueKind.False);
        main.GetProperty("waitingFor").GetProperty("fd").GetInt32().ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_thread_that_computes_is_paused_and_one_that_sleeps_is_not(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "running.py");
        JsonElement answer = OnceMainSleeps(child);
        JsonElement busy = Thread(answer, "busy");
        JsonElement[] frames = [.. busy.GetProperty("frames").EnumerateArray()];
        frames[0].GetProperty("function").GetString().ShouldBe("compute");
        frames[0].GetProperty("line").GetInt32().ShouldBeInRange(10, 13);
        busy.GetProperty("stopped").GetBoolean().ShouldBeTrue();
        Thread(answer, "MainThread").GetProperty("stopped").GetBoolean().ShouldBeFalse();
        answer.GetProperty("pauseMicroseconds").GetInt64().ShouldBeGreaterThan(0);
    }

    /// <summary>Between the word that it is ready and its sleep it has to wait for the GIL, which the other thread gives up every 5 ms.</summary>
    private static JsonElement OnceMainSleeps(PythonChild child)
    {
        const int Attempts = 200;
        for (int attempt = 1; ; attempt++)
        {
            JsonElement answer = Harness.Kaa.Stacks(child);
            JsonElement wait = Thread(answer, "MainThread").GetProperty("waitingFor");
            if (attempt == Attempts || (wait.ValueKind == JsonValueKind.Object && wait.GetProperty("kind").GetString() == "io"))
                return answer;
        }
    }

    [Fact]
    public void Nonblocking_stops_nobody()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "running.py");
        KaaResult result = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--json", "--nonblocking");
        result.Exit.ShouldBeOneOf(0, 3);
        result.Json.GetProperty("pauseMicroseconds").GetInt64().ShouldBe(0);
        result.Json.GetProperty("threads").EnumerateArray().ShouldAllBe(thread => !thread.GetProperty("stopped").GetBoolean());
    }

    [Fact]
    public void A_process_in_a_pid_namespace_is_found_by_either_pid()
    {
        if (Environment.UserName != "root")
            return;
        Interpreter interpreter = Interpreters.Any with { Launch = ["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", .. Interpreters.Any.Launch] };
        using PythonChild unshare = PythonChild.Start(interpreter, "parked.py");
        JsonElement process = Harness.Kaa.Run("ps", "--json").Json.GetProperty("processes").EnumerateArray()
            .Single(one => one.GetProperty("containerPid").ValueKind == JsonValueKind.Number && one.GetProperty("command").EnumerateArray().Any(word => word.GetString() == unshare.Script));
        process.GetProperty("containerPid").GetInt32().ShouldBe(1);
        KaaResult result = Harness.Kaa.Run("bt", process.GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture), "--json");
        result.Exit.ShouldBe(0, result.Output);
        result.Json.GetProperty("target").GetProperty("containerPid").GetInt32().ShouldBe(1);
        JsonElement main = result.Json.GetProperty("threads").EnumerateArray().Single();
        main.GetProperty("tid").GetInt32().ShouldBe(process.GetProperty("pid").GetInt32());
        main.GetProperty("frames").EnumerateArray().ShouldContain(frame => frame.GetProperty("function").GetString() == "wait_for_line");
    }

    private static JsonElement Thread(JsonElement answer, string name) =>
        answer.GetProperty("threads").EnumerateArray().Single(thread => thread.GetProperty("name").GetString() == name);

    private static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];
}
