using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>The threads of <c>waits.py</c>: one for each kind of wait, named by what it does.</summary>
internal static class WaitingThreads
{
    private const int Looks = 1_000;

    /// <summary>What each waits for in the end, by its name.</summary>
    public static IReadOnlyDictionary<string, string> Kinds { get; } = new Dictionary<string, string>
    {
        ["lock_left"] = "lock", ["lock_right"] = "lock", ["sleep"] = "sleep", ["rlock"] = "rlock", ["join"] = "join", ["condition"] = "condition",
        ["event"] = "condition", ["semaphore"] = "condition", ["queue_get"] = "queue", ["queue_simple"] = "queue", ["io"] = "io", ["child"] = "child",
        ["receive"] = "io", ["receive_in_time"] = "io", ["accept"] = "io", ["selecting"] = "io",
    };

    /// <summary>
    /// The threads can't say that they wait: they are looked at until every one does, and for what it is to wait for in the end
    /// (Python 2's Popen waits for a pipe of its child's before the child is waited for).
    /// </summary>
    /// <exception cref="TimeoutException">One of them does not come to it.</exception>
    public static JsonElement Settled(PythonChild child)
    {
        List<string> missing = [];
        for (int look = 0; look < Looks; look++)
        {
            JsonElement answer = Kaa.Stacks(child);
            missing = [.. answer.GetProperty("threads").EnumerateArray().Where(thread => !IsSettled(thread)).Select(Told)];
            if (missing.Count == 0)
                return answer;
        }

        throw new TimeoutException("not come to wait: " + string.Join("; ", missing));
    }

    private static bool IsSettled(JsonElement thread)
    {
        JsonElement wait = thread.GetProperty("waitingFor");
        return wait.ValueKind == JsonValueKind.Object
            && (!Kinds.TryGetValue(Name(thread) ?? "", out string? kind) || wait.GetProperty("kind").GetString() == kind);
    }

    private static string Told(JsonElement thread) => $"{Name(thread)}: {thread.GetProperty("waitingFor").GetRawText()}";

    private static string? Name(JsonElement thread) => thread.GetProperty("name").GetString();
}
