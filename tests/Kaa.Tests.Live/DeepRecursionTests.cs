using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

public sealed class DeepRecursionTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_hundred_thousand_frames_are_folded_in_text_and_never_in_JSON(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "deep.py");
        KaaResult text = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture));
        text.Exit.ShouldBe(0, text.Error);
        text.Output.ShouldContain("... 99999 more times the frame above");
        text.Output.ShouldMatch(@"\.\.\. 3333\d more times the 3 frames above");
        text.Output.Length.ShouldBeLessThan(20_000);

        JsonElement answer = Harness.Kaa.Stacks(child);
        JsonElement[] again = Frames(answer, "again");
        again.Count(frame => frame.GetProperty("function").GetString() == "again").ShouldBe(100_001);
        Frames(answer, "one").Count(frame => frame.GetProperty("function").GetString() is "one" or "two" or "three").ShouldBe(100_000);
    }

    private static JsonElement[] Frames(JsonElement answer, string thread) =>
    [
        .. answer.GetProperty("threads").EnumerateArray().Single(one => one.GetProperty("name").GetString() == thread)
            .GetProperty("frames").EnumerateArray(),
    ];
}
