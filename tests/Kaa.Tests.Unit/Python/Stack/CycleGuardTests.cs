using Kaa.Formats;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class CycleGuardTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(3, 1)]
    [InlineData(100, 7)]
    [InlineData(7, 1000)]
    public void Every_circle_is_noticed_before_long(int lead, int length)
    {
        var guard = new CycleGuard();
        int steps = 0;
        while (guard.Enter(new Address((ulong)(1 + (steps < lead ? steps : lead + ((steps - lead) % length)))), int.MaxValue))
            (++steps).ShouldBeLessThan(4 * (lead + length) + 4);
        steps.ShouldBeGreaterThanOrEqualTo(length);
    }

    [Fact]
    public void A_chain_without_a_circle_is_followed_up_to_the_limit()
    {
        var guard = new CycleGuard();
        ulong next = 1;
        while (guard.Enter(new Address(next), 1000))
            next++;
        guard.Count.ShouldBe(1000);
    }
}
