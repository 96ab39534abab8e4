using System.Globalization;
using System.Text;
using System.Text.Json;
using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Report.Tracing;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class TraceTests
{
    private static readonly TraceStack Stack = new(
        [
            new PythonFrame("scan") { QualifiedName = "Zip.scan", File = "/usr/lib/python3/zipfile.py", Line = 180 },
            new PythonFrame("load") { File = "/app/pkg/__init__.py", Line = 3 },
            new PythonFrame("main") { File = "/app/x.py", Line = 12 },
            new PythonFrame("<module>") { File = "/app/x.py", Line = 40 },
        ],
        null);

    [Fact]
    public void A_hit_is_a_line_that_can_be_read_at_speed() => Text(0, Hit()).ShouldBe(
        "  1.500000  MainThread  openat(AT_FDCWD, '/') = -1 ENOENT ← scan zipfile.py:180 ← load pkg/__init__.py:3 ← main x.py:12 ← 1 more\n");

    [Fact]
    public void The_stack_can_stand_below() => Text(2, Hit() with { Duration = 0.25 }).ShouldBe(
        "  1.500000  MainThread  openat(AT_FDCWD, '/') = -1 ENOENT  0.250 s\n    Zip.scan  /usr/lib/python3/zipfile.py:180\n    load  /app/pkg/__init__.py:3\n    2 more\n");

    [Fact]
    public void What_is_not_known_of_a_stack_is_said() =>
        Text(0, Hit() with { Stack = new TraceStack([], "torn"), Result = null }).ShouldEndWith("openat(AT_FDCWD, '/') ← ? (torn)\n");

    [Fact]
    public void A_hostile_target_cannot_send_escapes_to_the_terminal()
    {
        const string evil = "\e[2J\n";
        string text = Text(3, Hit() with { Thread = evil, Arguments = [new("a", evil)], Stack = new TraceStack([new PythonFrame(evil) { File = evil, Line = 1 }], evil) });
        text.ShouldNotContain("\e");
        text.Split('\n').Length.ShouldBe(4);
    }

    [Fact]
    public void Json_is_as_the_contract_says()
    {
        using JsonDocument json = JsonDocument.Parse(Json(writer => new TraceJson().Write(Hit() with { Duration = 0.5 }, writer)));
        JsonElement hit = json.RootElement;
        hit.EnumerateObject().Select(property => property.Name).ShouldBe(
            ["schema", "seconds", "pid", "tid", "thread", "event", "name", "module", "args", "result", "returned", "error", "durationSeconds", "stack"]);
        hit.GetProperty("event").GetString().ShouldBe("syscall");
        hit.GetProperty("module").ValueKind.ShouldBe(JsonValueKind.Null);
        hit.GetProperty("result").GetString().ShouldBe("-1 ENOENT");
        hit.GetProperty("returned").GetInt64().ShouldBe(-2);
        hit.GetProperty("stack")[0].GetRawText().ShouldBe("""{"kind":"python","function":"scan","qualifiedName":"Zip.scan","file":"/usr/lib/python3/zipfile.py","line":180}""");
        hit.GetProperty("args")[1].GetRawText().ShouldBe("""{"name":"pathname","value":"'/'"}""");
    }

    [Fact]
    public void Hits_are_summed_up_by_call_and_line()
    {
        var groups = new TraceGroups();
        for (int i = 0; i < 5; i++)
            groups.Add(Hit());
        groups.Add(Hit() with { Arguments = [new("dirfd", "AT_FDCWD"), new("pathname", "'/x'")], Result = new TraceResult(3, null, "3") });
        groups.Add(Hit() with { Name = "read", Stack = TraceStack.Empty });
        List<TraceGroup> sorted = groups.Sorted();
        sorted.Count.ShouldBe(2);
        sorted[0].Count.ShouldBe(6);
        sorted[0].Errors.ShouldBe(5);
        sorted[0].MostFrequent.Count.ShouldBe(5);
        TraceLine.Arguments(sorted[0].MostFrequent.Event).ShouldBe("AT_FDCWD, '/'");
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        TraceTopText.Write(groups, new StyledWriter(text, false));
        text.ToString().ShouldContain("6   85.7%");
        text.ToString().ShouldContain("openat from Zip.scan  /usr/lib/python3/zipfile.py:180  5 failed");
        text.ToString().ShouldContain("read from no Python code");
    }

    private static TraceEvent Hit() => new()
    {
        Seconds = 1.5,
        Pid = 10,
        Tid = 11,
        Thread = "MainThread",
        Kind = TraceEventKind.Syscall,
        Name = "openat",
        Arguments = [new("dirfd", "AT_FDCWD"), new("pathname", "'/'")],
        Result = new TraceResult(-2, "ENOENT", "-1 ENOENT"),
        Stack = Stack,
    };

    private static string Text(int frames, TraceEvent hit)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new TraceText(new StyledWriter(text, false), frames, processes: false).Write(hit);
        return text.ToString();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter writer = JsonText.Writer(buffer))
            write(writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
