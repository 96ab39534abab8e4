using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class MarkedSourceTests
{
    [Theory]
    [InlineData("x = f(y)", 4, 8, "x = |f(y)|")]
    [InlineData("é = f(y)", 5, 9, "é = |f(y)|")]
    [InlineData("🐍 = f(y)", 7, 11, "🐍 = |f(y)|")]
    [InlineData("f(y)", 0, 4, "f(y)||")]
    [InlineData("f(y)", 100, 200, "f(y)||")]
    [InlineData("f(y)", -5, 2, "|f(|y)")]
    [InlineData("f(y)", 3, 1, "f(y)||")]
    public void Columns_are_bytes_of_UTF8(string line, int column, int endColumn, string marked)
    {
        var frame = new PythonFrame("f") { Line = 1, EndLine = 1, Column = column, EndColumn = endColumn };
        Show(frame, line, 0).ShouldBe(marked);
    }

    [Fact]
    public void What_was_cut_in_front_is_counted()
    {
        var frame = new PythonFrame("f") { Line = 1, EndLine = 1, Column = 12, EndColumn = 16 };
        Show(frame, "x = f(y)", 8).ShouldBe("x = |f(y)|");
    }

    [Fact]
    public void A_call_that_goes_on_below_is_marked_to_the_end_of_its_first_line()
    {
        var frame = new PythonFrame("f") { Line = 1, EndLine = 3, Column = 4, EndColumn = 1 };
        Show(frame, "x = f(  ", 0).ShouldBe("x = |f(|  ");
    }

    [Fact]
    public void Tabs_become_spaces_up_to_the_next_multiple_of_eight() =>
        Show(new PythonFrame("f"), "\tab\tc", 0).ShouldBe("        ab      c||");

    private static string Show(PythonFrame frame, string line, int cut)
    {
        MarkedSource source = MarkedSource.Of(frame, line, cut);
        return $"{source.Before}|{source.Marked}|{source.After}";
    }
}
