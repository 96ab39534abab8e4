using Kaa.Results;

namespace Kaa.Tests.Unit.Results;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 threads")]
    [InlineData(1, "1 thread")]
    [InlineData(2, "2 threads")]
    [InlineData(1_234_567, "1,234,567 threads")]
    public void OneThingIsNotCalledMany(long count, string text) => Quantity.Of(count, "thread").ShouldBe(text);

    [Theory]
    [InlineData(1, "1 process")]
    [InlineData(3, "3 processes")]
    public void SomeWordsHaveAPluralOfTheirOwn(long count, string text) => Quantity.Of(count, "process", "processes").ShouldBe(text);
}
