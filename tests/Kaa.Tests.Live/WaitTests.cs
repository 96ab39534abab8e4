using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>What each thread waits for, on every interpreter: one thread for each kind.</summary>
public sealed class WaitTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Every_wait_is_named_with_its_owner(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "waits.py");
        JsonElement answer = WaitingThreads.Settled(child);
        Dictionary<string, JsonElement> waits = Waits(answer);
        foreach ((string name, JsonElement wait) in waits)
            wait.GetProperty("kind").GetString().ShouldBe(WaitingThreads.Kinds[name], $"{name}: {wait}");
        waits.Count.ShouldBeGreaterThanOrEqualTo(WaitingThreads.Kinds.Count - 1);

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

    private static Dictionary<string, JsonElement> Waits(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .Where(thread => WaitingThreads.Kinds.ContainsKey(thread.GetProperty("name").GetString()!))
        .ToDictionary(thread => thread.GetProperty("name").GetString()!, thread => thread.GetProperty("waitingFor"));

    private static Dictionary<string, int> Tids(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .Where(thread => WaitingThreads.Kinds.ContainsKey(thread.GetProperty("name").GetString()!))
        .ToDictionary(thread => thread.GetProperty("name").GetString()!, thread => thread.GetProperty("tid").GetInt32());
}
