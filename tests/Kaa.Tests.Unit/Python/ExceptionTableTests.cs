using Kaa.Python.Waits;

namespace Kaa.Tests.Unit.Python;

/// <summary>
/// Against what 3.11.7's own <c>dis._parse_exception_table</c> says of a function with a <c>with</c> block that holds another and a
/// <c>try</c>/<c>finally</c>.
/// </summary>
public sealed class ExceptionTableTests
{
    private static readonly byte[] Table = Convert.FromHexString(
        "85054130038a1026059a0c413003a6042a09aa03413003ad012a09ae03413003b20f411002c1010f413003c11010412005c12003413003c13004413407c13701413407");

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 1)]
    [InlineData(9, 1)]
    [InlineData(10, 2)]
    [InlineData(25, 2)]
    [InlineData(26, 1)]
    [InlineData(38, 4)]
    [InlineData(49, 0)]
    [InlineData(79, 1)]
    [InlineData(95, 2)]
    [InlineData(100, 0)]
    [InlineData(113, 3)]
    [InlineData(100000, 0)]
    public void The_depth_is_that_of_the_innermost_handler(int unit, int depth) => ExceptionTable.DepthAt(Table, unit).ShouldBe(depth);

    [Fact]
    public void A_table_that_breaks_off_gives_no_depth_beyond_it() => ExceptionTable.DepthAt(Table.AsSpan(0, 2), 100).ShouldBe(0);
}
