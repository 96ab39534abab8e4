using System.Text.Json.Nodes;

namespace Kaa.Tests.Live.Harness;

/// <summary>Two answers of <c>kaa bt --json</c>, field by field: a line for each field that differs.</summary>
internal static class AnswerComparison
{
    private static readonly string[] KernelsOwn = ["name", "state", "stopped", "waitingFor"];

    /// <summary>Two looks at one process: notes and the length of the pause may differ.</summary>
    public static List<string> OfLooks(JsonObject before, JsonObject after) => Compare(Lasting(before), Lasting(after));

    /// <summary>A process and a core of it: what only the kernel knows may differ (names, states, waits, the pause), and the notes.</summary>
    public static List<string> OfLiveAndCore(JsonObject live, JsonObject dead) => Compare(WithoutKernel(live, KernelsOwn), WithoutKernel(dead, KernelsOwn));

    /// <summary>A process and what <c>kaa core</c> made of it, which keeps what the kernel knows.</summary>
    public static List<string> OfLiveAndOwnCore(JsonObject live, JsonObject dead) => Compare(WithoutKernel(live, ["stopped"]), WithoutKernel(dead, ["stopped"]));

    private static JsonObject Lasting(JsonObject answer)
    {
        JsonObject copy = answer.DeepClone().AsObject();
        copy.Remove("pauseMicroseconds");
        copy.Remove("notes");
        return copy;
    }

    private static JsonObject WithoutKernel(JsonObject answer, string[] keys)
    {
        JsonObject copy = Lasting(answer);
        foreach (string key in (string[])["kind", "path", "signal"])
            copy["target"]!.AsObject().Remove(key);
        JsonNode[] threads = [.. copy["threads"]!.AsArray().OrderBy(thread => thread!["ident"]!.GetValue<ulong>())!];
        foreach (JsonNode thread in threads)
        {
            foreach (string key in keys)
                thread.AsObject().Remove(key);
        }

        copy["threads"] = new JsonArray([.. threads.Select(thread => thread.DeepClone())]);
        return copy;
    }

    private static List<string> Compare(JsonObject first, JsonObject second)
    {
        var differences = new List<string>();
        Compare("", first, second, differences);
        return differences;
    }

    private static void Compare(string place, JsonNode? first, JsonNode? second, List<string> differences)
    {
        if (first is JsonObject left && second is JsonObject right)
        {
            foreach (string key in left.Select(pair => pair.Key).Union(right.Select(pair => pair.Key)))
                Compare($"{place}.{key}", left[key], right[key], differences);
        }
        else if (first is JsonArray lefts && second is JsonArray rights && lefts.Count == rights.Count)
        {
            for (int i = 0; i < lefts.Count; i++)
                Compare($"{place}[{i}]", lefts[i], rights[i], differences);
        }
        else if (!JsonNode.DeepEquals(first, second))
        {
            differences.Add($"{place}: {first?.ToJsonString() ?? "null"} / {second?.ToJsonString() ?? "null"}");
        }
    }
}
