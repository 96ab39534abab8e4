using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa trace PID --syscall</c>: a program that makes known calls from known lines, counted.</summary>
public sealed class TraceTests
{
    private const int Rounds = 20;

    // musl and older programs make the calls that newer ones have replaced.
    private const string Opens = "open,openat";

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Every_call_is_told_with_its_arguments_its_result_and_the_line_that_made_it(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced.py");
        List<JsonElement> hits = Trace(child, "work", "--syscall", Opens, "--syscall", "read,mkdir,rmdir");
        Ready ready = Ready.Of(child);

        Calls(hits, "open", ready.File).ShouldBe([.. Enumerable.Repeat(ready.Line("opens"), Rounds)]);
        Calls(hits, "open", ready.Prefix + "missing").ShouldBe([.. Enumerable.Repeat(ready.Line("misses"), Rounds)]);
        Reads(hits, ready).ShouldBe(Rounds);
        for (int i = 0; i < Rounds; i++)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{ready.Prefix}made-{i}");
            Calls(hits, "mkdir", path).ShouldBe([ready.Line("makes")]);
            Calls(hits, "rmdir", path).ShouldBe([ready.Line("removes")]);
        }

        JsonElement missed = hits.First(hit => hit.GetRawText().Contains("missing", StringComparison.Ordinal));
        missed.GetProperty("error").GetString().ShouldBe("ENOENT");
        Argument(missed, "flags").Split('|').Intersect(["O_WRONLY", "O_APPEND"]).Count().ShouldBe(2);
        Argument(hits.First(hit => Name(hit) == "mkdir"), "mode").ShouldBe("0751");
        JsonElement[] stack = [.. missed.GetProperty("stack").EnumerateArray()];
        stack.Select(frame => frame.GetProperty("function").GetString()).ShouldBe(["misses", "outer", "work", "main", "<module>"]);
        stack[1].GetProperty("line").GetInt32().ShouldBe(ready.Line("outer") + 1);
    }

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Threads_that_begin_meanwhile_are_traced_from_their_first_call_on(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced.py");
        List<JsonElement> hits = Trace(child, "threads", "--syscall", "mkdir");
        for (int thread = 0; thread < 3; thread++)
        {
            string mark = string.Create(CultureInfo.InvariantCulture, $"-{thread}made-");
            JsonElement[] made = [.. hits.Where(hit => hit.GetRawText().Contains(mark, StringComparison.Ordinal))];
            made.Length.ShouldBe(Rounds);
            made.ShouldAllBe(hit => hit.GetProperty("stack")[0].GetProperty("function").GetString() == "makes");
            made.Select(hit => hit.GetProperty("tid").GetInt32()).Distinct().Count().ShouldBe(1);
            made[^1].GetProperty("thread").GetString().ShouldBe(string.Create(CultureInfo.InvariantCulture, $"worker-{thread}"));
        }
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Children_are_followed_where_that_is_asked_for(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced.py");
        Trace(child, "fork", "--syscall", "mkdir").ShouldBeEmpty();
        using PythonChild other = PythonChild.Start(Interpreters.Named(interpreter), "traced.py");
        List<JsonElement> hits = Trace(other, "fork", "--syscall", "mkdir", "--follow");
        hits.Count.ShouldBe(Rounds);
        int line = Ready.Of(other).Line("child");
        hits.ShouldAllBe(hit => hit.GetProperty("stack")[0].GetProperty("line").GetInt32() == line && hit.GetProperty("pid").GetInt32() != other.Pid);
    }

    [Theory]
    [InlineData("py.function == 'misses' and result == -2", Rounds)]
    [InlineData("str(arg1) =~ 'missing$'", Rounds)]
    [InlineData("py.stack =~ 'opens outer work' and result >= 0", Rounds)]
    [InlineData("thread.name == 'nobody'", 0)]
    public void A_condition_chooses(string condition, int count)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "traced.py");
        Trace(child, "work", "--syscall", "openat", "--when", condition).Count.ShouldBe(count);
    }

    [Fact]
    public void A_count_ends_it_and_the_program_goes_on()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "traced.py");
        using TraceRun run = TraceRun.Attach(child, "--json", "--syscall", "mkdir", "--count", "3");
        child.WriteLine(string.Create(CultureInfo.InvariantCulture, $"work {Rounds}"));
        KaaResult result = run.Finish();
        result.Exit.ShouldBe(0, result.Error);
        TraceRun.Lines(result).Count.ShouldBe(4);
        child.ReadUntil("done");
        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
    }

    [Fact]
    public void A_process_that_spins_is_explained_down_to_its_line()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "spins.py");
        KaaResult result = Harness.Kaa.Run("trace", child.Pid.ToString(CultureInfo.InvariantCulture), "--syscall", "openat", "--top", "--count", "300");
        result.Exit.ShouldBe(0, result.Error);
        string line = File.ReadLines(child.Script).Select((text, index) => (text, index)).First(each => each.text.Contains("# spins here", StringComparison.Ordinal)).index + 1 is var number
            ? number.ToString(CultureInfo.InvariantCulture)
            : "";
        result.Output.ShouldContain($"openat from find_in  {child.Script}:{line}");
        result.Output.ShouldContain("'/'");
        result.Output.ShouldContain("300  100.0%");
        KaaResult locals = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--locals");
        locals.Output.ShouldContain("prefix = '/'");
    }

    [Fact]
    public void What_cannot_be_is_told()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "traced.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        Harness.Kaa.Run("trace", pid).Exit.ShouldBe(2);
        Harness.Kaa.Run("trace", pid, "--syscall", "openat", "--call", "mkdir").Exit.ShouldBe(2);
        KaaResult unknown = Harness.Kaa.Run("trace", pid, "--syscall", "opened", "--json");
        unknown.Exit.ShouldBe(1);
        unknown.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("no-such-syscall");
        KaaResult condition = Harness.Kaa.Run("trace", pid, "--syscall", "openat", "--when", "arg0 ==", "--json");
        condition.Exit.ShouldBe(1);
        condition.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("condition");
        using TraceRun first = TraceRun.Attach(child, "--json", "--syscall", "mkdir");
        KaaResult second = Harness.Kaa.Run("trace", pid, "--syscall", "openat", "--json");
        second.Exit.ShouldBe(1);
        second.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("already-traced");
    }

    /// <summary>Traces while the child does a piece of work, until it ends; gives the hits, without the last line.</summary>
    private static List<JsonElement> Trace(PythonChild child, string work, params string[] arguments)
    {
        using TraceRun run = TraceRun.Attach(child, ["--json", .. arguments]);
        child.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{work} {Rounds}"));
        child.ReadUntil("done");
        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
        KaaResult result = run.Finish();
        result.Exit.ShouldBe(0, result.Error + result.Output[^Math.Min(result.Output.Length, 500)..]);
        List<JsonElement> lines = TraceRun.Lines(result);
        lines[^1].GetProperty("event").GetString().ShouldBe("end");
        lines[^1].GetProperty("hits").GetInt32().ShouldBe(lines.Count - 1);
        lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    /// <summary>Innermost lines of the calls with that path.</summary>
    private static List<int> Calls(List<JsonElement> hits, string name, string path)
    {
        var lines = new List<int>();
        foreach (JsonElement hit in hits)
        {
            if (Name(hit).StartsWith(name, StringComparison.Ordinal) && Argument(hit, "pathname") == "'" + path + "'" && hit.GetProperty("stack") is { } stack && stack.GetArrayLength() > 0)
                lines.Add(stack[0].GetProperty("line").GetInt32());
        }

        return lines;
    }

    private static int Reads(List<JsonElement> hits, Ready ready) => hits.Count(hit =>
        Name(hit) == "read" && Argument(hit, "buf") == "b'\"\"\"M'" && Argument(hit, "fd").EndsWith("<" + ready.HostFile + ">", StringComparison.Ordinal)
        && hit.GetProperty("stack")[0].GetProperty("line").GetInt32() == ready.Line("reads"));

    private static string Name(JsonElement hit) => hit.GetProperty("name").GetString()!;

    private static string Argument(JsonElement hit, string name)
    {
        foreach (JsonElement argument in hit.GetProperty("args").EnumerateArray())
        {
            if (argument.GetProperty("name").GetString() == name)
                return argument.GetProperty("value").GetString()!;
        }

        return "";
    }

    private sealed record Ready(string File, string HostFile, string Prefix, Dictionary<string, int> Lines)
    {
        public int Line(string mark) => Lines[mark];

        public static Ready Of(PythonChild child)
        {
            using JsonDocument json = child.ReadyJson();
            var lines = new Dictionary<string, int>();
            foreach (JsonProperty line in json.RootElement.GetProperty("lines").EnumerateObject())
                lines.Add(line.Name, line.Value.GetInt32());
            string file = json.RootElement.GetProperty("file").GetString()!;
            return new Ready(child.Script, child.Interpreter.Root + file, json.RootElement.GetProperty("prefix").GetString()!, lines);
        }
    }
}
