using System.Text;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Values of local variables against <c>repr()</c> in the target itself.</summary>
public sealed class LocalsTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Some_sixty_locals_read_as_repr_does(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "locals_values.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--locals", "--max-value", "100000000", "--max-pause", "60000");
        Dictionary<string, JsonElement> locals = Frame(answer, "frame").GetProperty("locals").EnumerateArray().ToDictionary(local => local.GetProperty("name").GetString()!);
        var differences = new List<string>();
        using JsonDocument expected = child.ReadyJson();
        int compared = 0;
        foreach (string kind in new[] { "repr", "form" })
        {
            foreach (JsonProperty wanted in expected.RootElement.GetProperty(kind).EnumerateObject())
            {
                string text = Encoding.UTF8.GetString(Convert.FromHexString(wanted.Value.GetString()!));
                string? value = locals.TryGetValue(wanted.Name, out JsonElement local) ? Value(local) : "<no such local>";
                if (value != text)
                    differences.Add($"{wanted.Name}: expected {Cut(text, value)}");
                compared++;
            }
        }

        differences.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(60);
    }

    [Fact]
    public void Arguments_cells_and_free_variables_are_told_apart()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "stacks.py");
        JsonElement[] frames = [.. Harness.Kaa.Stacks(child, "--locals", "--thread", "closures").GetProperty("threads")[0].GetProperty("frames").EnumerateArray()];
        Scopes(frames, "inner").ShouldBe(["captured:free:False", "own:free:False"]);
        Scopes(frames, "outer").ShouldBe(["inner:local:False", "own:cell:False", "captured:free:False"], ignoreOrder: true);
        Scopes(frames, "park").ShouldBe(["ignored:argument:True"]);
    }

    [Fact]
    public void Names_that_match_are_redacted()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "stacks.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--locals", "--thread", "closures", "--redact", "^own$");
        JsonElement own = Frame(answer, "inner").GetProperty("locals").EnumerateArray().Single(local => local.GetProperty("name").GetString() == "own");
        own.GetProperty("value").GetString().ShouldBe("<redacted>");
        JsonElement captured = Frame(answer, "inner").GetProperty("locals").EnumerateArray().Single(local => local.GetProperty("name").GetString() == "captured");
        captured.GetProperty("value").GetString().ShouldBe("[1]");
    }

    [Fact]
    public void A_long_value_is_cut_and_says_how_long_it_is()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "locals_values.py");
        JsonElement text = Frame(Harness.Kaa.Stacks(child, "--locals", "--max-value", "10"), "frame").GetProperty("locals").EnumerateArray()
            .Single(local => local.GetProperty("name").GetString() == "long_text");
        text.GetProperty("value").GetString()!.Length.ShouldBeLessThanOrEqualTo(11);
        text.GetProperty("value").GetString().ShouldEndWith("…");
        text.GetProperty("length").GetInt64().ShouldBe(20_002);
    }

    private static string? Value(JsonElement local) => local.GetProperty("value").GetString() ?? "<unknown: " + local.GetProperty("unreadable") + ">";

    private static string Cut(string expected, string? actual)
    {
        int at = 0;
        while (at < expected.Length && at < actual?.Length && expected[at] == actual[at])
            at++;
        int start = Math.Max(0, at - 20);
        return $"…{Part(expected, start)} but it is …{Part(actual ?? "", start)}";
    }

    private static string Part(string text, int start) => start >= text.Length ? "" : text.Substring(start, Math.Min(80, text.Length - start));

    private static string[] Scopes(JsonElement[] frames, string function) =>
    [
        .. frames.First(frame => frame.GetProperty("function").GetString() == function).GetProperty("locals").EnumerateArray()
            .Select(local => $"{local.GetProperty("name")}:{local.GetProperty("scope")}:{local.GetProperty("argument").GetBoolean()}"),
    ];

    private static JsonElement Frame(JsonElement answer, string function) =>
        answer.GetProperty("threads").EnumerateArray().SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
            .First(frame => frame.GetProperty("function").GetString() == function);
}
