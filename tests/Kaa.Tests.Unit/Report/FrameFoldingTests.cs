using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class FrameFoldingTests
{
    [Theory]
    [InlineData("abc", "a b c")]
    [InlineData("aab", "a a b")]
    [InlineData("aaab", "a+2 b")]
    [InlineData("xabababy", "x ab+2 y")]
    [InlineData("abcdefghabcdefghabcdefgh", "abcdefgh+2")]
    [InlineData("abcdefghiabcdefghiabcdefghi", "a b c d e f g h i a b c d e f g h i a b c d e f g h i")]
    [InlineData("aabaabaab", "aab+2")]
    [InlineData("aaabaaabaaab", "aaab+2")]
    public void Cycles_of_up_to_eight_frames_are_folded_from_three_turns_on(string stack, string folded) =>
        Fold([.. stack.Select(c => Samples.Frame(c.ToString(), "/a.py", 1))]).ShouldBe(folded);

    [Fact]
    public void Frames_with_locals_are_folded_from_ten_turns_on()
    {
        StackFrame[] frames = [.. Enumerable.Range(0, 9).Select(WithLocal)];
        Fold(frames).ShouldBe("a a a a a a a a a");
        Fold([.. frames, WithLocal(9)]).ShouldBe("a+9");
    }

    [Fact]
    public void Another_line_or_column_is_another_frame()
    {
        PythonFrame frame = Samples.Frame("a", "/a.py", 1);
        FrameFolding.SamePlace(frame, frame with { Line = 2 }).ShouldBeFalse();
        FrameFolding.SamePlace(frame, frame with { Column = 2 }).ShouldBeFalse();
        FrameFolding.SamePlace(frame, new BuiltinFrame("a", null)).ShouldBeFalse();
        FrameFolding.SamePlace(frame, frame with { }).ShouldBeTrue();
    }

    private static StackFrame WithLocal(int value) => Samples.Frame("a", "/a.py", 1) with
    {
        Locals = [new LocalVariable { Name = "n", Scope = VariableScope.Local, Value = value.ToString(System.Globalization.CultureInfo.InvariantCulture) }],
    };

    private static string Fold(StackFrame[] frames)
    {
        var parts = new List<string>();
        for (int at = 0; at < frames.Length;)
        {
            FrameRun run = FrameFolding.RunAt(frames, at);
            string names = string.Concat(frames.Skip(at).Take(run.Count).Select(frame => frame.Function));
            parts.Add(run.Repeats > 0 ? names + "+" + run.Repeats : names);
            at = run.Next;
        }

        return string.Join(' ', parts);
    }
}
