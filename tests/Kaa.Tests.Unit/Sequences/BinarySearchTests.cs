using Kaa.Sequences;

namespace Kaa.Tests.Unit.Sequences;

public sealed class BinarySearchTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 1)]
    [InlineData(19, 1)]
    [InlineData(20, 3)]
    [InlineData(30, 4)]
    [InlineData(99, 4)]
    public void As_many_come_first_as_a_walk_would_count(int key, int count) =>
        BinarySearch.CountFirst([10, 20, 20, 30], key, static (item, at) => item <= at).ShouldBe(count);

    [Fact]
    public void Of_nothing_nothing_comes_first() => BinarySearch.CountFirst(ReadOnlySpan<int>.Empty, 1, static (_, _) => true).ShouldBe(0);
}
