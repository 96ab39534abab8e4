using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>What each thread waits for, on every interpreter: one thread for each kind.</summary>
public sealed class WaitTests
{
    private const int Attempts = 200;

    private static readonly Dictionary<string, string> Kinds = new()
    {
        ["lock_left"] = "lock", ["lock_right"] = "lock", ["sleep"] = "sleep", ["rlock"] = "rlock", ["join"] = "join", ["condition"] = "condition",
        ["event"] = "condition", ["semaphore"] = "condition", ["queue_get"] = "queue", ["queue_simple"] = "queue", ["io"] = "io", ["child"] = "child",
        ["receive"] = "io", ["receive_in_time"] = "io", ["accept"] = "io", ["selecting"] = "io",
    };

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Every_wait_is_named_with_its_owner(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "waits.py");
        JsonElement answer = Settled(child);
        Dictionary<string, JsonElement> waits = Waits(answer);
        foreach ((string name, JsonElement wait) in waits)
            wait.GetProperty("kind").GetString().ShouldBe(Kinds[name], $"{name}: {wait}");
        waits.Count.ShouldBeGreaterThanOrEqualTo(Kinds.Count - 1);

        Dictionary<string, int> tids = Tids(answer);
        waits["rlock"].GetProperty("ownerTid").GetInt32().ShouldBe(tids["sleep"]);
        waits["join"].GetProperty("ownerTid").GetInt32().ShouldBe(tids["sleep"]);
        waits["lock_left"].GetProperty("ownerTid").GetInt32().ShouldBe(tids["lock_right"]);
        ShouldNameDescriptors(waits, [.. child.Ready.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))]);
        answer.GetProperty("deadlocks").EnumerateArray().ShouldHaveSingleItem().GetProperty("threads").EnumerateArray()
            .Select(tid => tid.GetInt32()).ShouldBe([tids["lock_left"], tids["lock_right"]], ignoreOrder: true);
    }

    /// <param name="known">The pipe; one end of a connection and its port, the other end; the socket that listens and its port.</param>
    private static void ShouldNameDescriptors(Dictionary<string, JsonElement> waits, int[] known)
    {
        ShouldWaitOn(waits["io"], known[0], "a pipe");
        ShouldWaitOn(waits["receive"], known[1], $"tcp 127.0.0.1:{known[2]} → 127.0.0.1:{known[5]}");
        ShouldWaitOn(waits["receive_in_time"], known[3], $"tcp 127.0.0.1:{known[5]} → 127.0.0.1:{known[2]}");
        ShouldWaitOn(waits["accept"], known[4], $"tcp listening on 127.0.0.1:{known[5]}");
        waits["selecting"].GetProperty("fd").ValueKind.ShouldBe(JsonValueKind.Null);
        string selecting = waits["selecting"].GetProperty("description").GetString()!;
        selecting.ShouldContain($"fd {known[0]} (a pipe)");
        selecting.ShouldContain($"fd {known[1]} (tcp ");
    }

    private static void ShouldWaitOn(JsonElement wait, int descriptor, string what)
    {
        wait.GetProperty("fd").GetInt32().ShouldBe(descriptor);
        wait.GetProperty("description").GetString()!.ShouldEndWith($" on fd {descriptor} ({what})");
    }

    /// <summary>The threads can't say that they wait: they are looked at until all of them do.</summary>
    private static JsonElement Settled(PythonChild child)
    {
        for (int i = 0; ; i++)
        {
            JsonElement answer = Harness.Kaa.Stacks(child);
            if (i == Attempts || Waits(answer).All(wait => wait.Value.ValueKind == JsonValueKind.Object && Kinds[wait.Key] == Kind(wait.Value)))
                return answer;
        }
    }

    private static string? Kind(JsonElement wait) => wait.GetProperty("kind").GetString();

    private static Dictionary<string, JsonElement> Waits(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .Where(thread => Kinds.ContainsKey(thread.GetProperty("name").GetString()!))
        .ToDictionary(thread => thread.GetProperty("name").GetString()!, thread => thread.GetProperty("waitingFor"));

    private static Dictionary<string, int> Tids(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .Where(thread => Kinds.ContainsKey(thread.GetProperty("name").GetString()!))
        .ToDictionary(thread => thread.GetProperty("name").GetString()!, thread => thread.GetProperty("tid").GetInt32());
}
