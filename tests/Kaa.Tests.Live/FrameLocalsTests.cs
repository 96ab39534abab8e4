using System.Text;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The variables of frames of every kind against the interpreter's own <c>f_locals</c>.</summary>
public sealed class FrameLocalsTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Frames_of_every_kind_have_the_variables_that_f_locals_has(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "locals_frames.py");
        JsonElement answer = Harness.Kaa.Stacks(child, "--locals", "--max-value", "100000", "--max-pause", "60000");
        JsonElement[] frames = [.. PythonFrames(answer).SkipWhile(frame => Function(frame) != "deepest")];
        using JsonDocument expected = child.ReadyJson();
        JsonElement[] wanted = [.. expected.RootElement.GetProperty("frames").EnumerateArray()];
        frames.Select(Function).ShouldBe(wanted.Select(Function));
        var differences = new List<string>();
        int compared = 0;
        for (int i = 0; i < wanted.Length; i++)
            compared += Compare(frames[i], wanted[i].GetProperty("locals"), differences);
        differences.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(60);
    }

    /// <summary>A class body's free variables are shown, though its f_locals lacks them.</summary>
    private static int Compare(JsonElement frame, JsonElement wanted, List<string> differences)
    {
        var found = frame.GetProperty("locals").EnumerateArray().ToDictionary(local => local.GetProperty("name").GetString()!);
        int compared = 0;
        foreach (JsonProperty one in wanted.EnumerateObject())
        {
            string text = Encoding.UTF8.GetString(Convert.FromHexString(one.Value.GetString()!));
            string? value = found.Remove(one.Name, out JsonElement local) ? local.GetProperty("value").GetString() : "<no such local>";
            if (value != text)
                differences.Add($"{Function(frame)} {one.Name}: expected {text} but it is {value}");
            compared++;
        }

        foreach ((string name, JsonElement local) in found)
        {
            if (local.GetProperty("scope").GetString() != "free")
                differences.Add($"{Function(frame)} {name}: f_locals has no such name");
        }

        return compared;
    }

    private static IEnumerable<JsonElement> PythonFrames(JsonElement answer) =>
        answer.GetProperty("threads").EnumerateArray().SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
            .Where(frame => frame.GetProperty("kind").GetString() == "python");

    private static string Function(JsonElement frame) => frame.GetProperty("function").GetString()!;
}
