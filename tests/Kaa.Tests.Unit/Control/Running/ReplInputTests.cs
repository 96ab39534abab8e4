using Kaa.Control.Running;

namespace Kaa.Tests.Unit.Control.Running;

public sealed class ReplInputTests
{
    [Theory]
    [InlineData("x = 1")]
    [InlineData("f(1,\n2)")]
    [InlineData("'it''s ('")]
    [InlineData("x = 5  # (")]
    [InlineData("'''a\nb'''")]
    [InlineData("def f():\n    return 1\n")]
    [InlineData("for i in x:\n    pass\n")]
    [InlineData("d = {'a': 1}")]
    [InlineData("x[1:]")]
    [InlineData("'unfinished")]
    public void Is_whole(string text) => ReplInput.IsComplete(text).ShouldBeTrue();

    [Theory]
    [InlineData("f(1,")]
    [InlineData("x = [")]
    [InlineData("'''a")]
    [InlineData("x = \\")]
    [InlineData("def f():")]
    [InlineData("def f():\n    return 1")]
    [InlineData("if x:  # why")]
    [InlineData("@decorated")]
    public void Goes_on(string text) => ReplInput.IsComplete(text).ShouldBeFalse();
}
