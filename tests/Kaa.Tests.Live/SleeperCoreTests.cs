using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa core PID</c> of threads whose system calls would return EINTR, if Kaa were killed while it has them interrupted: they are left asleep.</summary>
public sealed class SleeperCoreTests : IDisposable
{
    private static readonly string[] Light = ["epoll", "recv_in_time"];

    private readonly Cores _cores = new();

    private string Core => Path.Combine(_cores.Directory, "core");

    public void Dispose() => _cores.Dispose();

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Those_sleep_on_and_their_stacks_are_in_the_core(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "light_sleepers.py");
        JsonObject live = Asleep(child);
        Dictionary<int, string> before = Runs(child, live);
        JsonElement report = Dump(child);
        Runs(child, live).ShouldBe(before);
        string[] left = Note(report, "thread-asleep")!.Split(',');
        left.Order().ShouldBe(before.Keys.Select(tid => tid.ToString(CultureInfo.InvariantCulture)).Order());
        AnswerComparison.OfLiveAndOwnCore(live, Stacks(child, Core)).ShouldBeEmpty();
        child.WriteLine("report");
        child.ReadUntil("report").ShouldStartWith("0 ");
    }

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void Gdb_sees_their_stacks_in_the_core_as_in_the_process(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "light_sleepers.py");
        Asleep(child);
        Dump(child);
        Dictionary<int, ulong[]> inCore = GdbStacks.Of(Core, child);
        foreach ((int tid, ulong[] stack) in GdbStacks.Of(child))
            inCore[tid].ShouldBe(stack, tid.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void A_process_that_has_no_other_thread_forks_all_the_same(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "one_epoll.py");
        JsonElement report = Dump(child);
        report.GetProperty("way").GetString().ShouldBe("snapshot", report.GetRawText());
        Note(report, "thread-asleep").ShouldBeNull();
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("0");
    }

    /// <summary>"ready" is said a moment before the threads sleep.</summary>
    private static JsonObject Asleep(PythonChild child)
    {
        const int Looks = 1_000;
        for (int look = 0; look < Looks; look++)
        {
            JsonObject answer = Stacks(child, child.Pid.ToString(CultureInfo.InvariantCulture));
            if (answer["threads"]!.AsArray().All(thread => thread!["waitingFor"] is not null))
                return answer;
        }

        throw new TimeoutException("some thread does not come to wait");
    }

    private static JsonObject Stacks(PythonChild child, string target)
    {
        string[] root = child.Interpreter.Root is { } directory && target != child.Pid.ToString(CultureInfo.InvariantCulture) ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", target, "--native", "--json", .. root]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return JsonNode.Parse(result.Output)!.AsObject();
    }

    /// <summary>How often those threads have run, by tid.</summary>
    private static Dictionary<int, string> Runs(PythonChild child, JsonObject answer)
    {
        var runs = new Dictionary<int, string>();
        foreach (JsonNode? thread in answer["threads"]!.AsArray())
        {
            if (!thread!["frames"]!.AsArray().Any(frame => Light.Contains(frame!["function"]?.GetValue<string>())))
                continue;
            int tid = thread["tid"]!.GetValue<int>();
            runs[tid] = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{child.Pid}/task/{tid}/schedstat"));
        }

        runs.Count.ShouldBe(Light.Length);
        return runs;
    }

    private JsonElement Dump(PythonChild child)
    {
        KaaResult result = Harness.Kaa.Run(["core", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", Core, "--json"]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result.Json;
    }

    private static string? Note(JsonElement report, string code)
    {
        foreach (JsonElement note in report.GetProperty("notes").EnumerateArray())
        {
            if (note.GetProperty("code").GetString() == code)
                return note.GetProperty("subject").GetString();
        }

        return null;
    }
}
