using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

public sealed class BlockMapTests
{
    /// <summary>Few addresses, so that they meet again and again, and all kinds of gaps are closed.</summary>
    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 300)]
    [InlineData(3, 6_000)]
    public void Is_a_dictionary(int seed, int addresses)
    {
        var random = new Random(seed);
        var map = new BlockMap();
        var truth = new Dictionary<ulong, HeldBlock>();
        for (int i = 0; i < 30_000; i++)
        {
            ulong address = 0x7f00_0000_0000 + (ulong)random.Next(addresses) * 16;
            if (random.Next(2) == 0)
            {
                var block = new HeldBlock(i, random.Next());
                HeldBlock? before = truth.TryGetValue(address, out HeldBlock known) ? known : null;
                map.Put(address, block).ShouldBe(before);
                truth[address] = block;
            }
            else
            {
                HeldBlock? expected = truth.Remove(address, out HeldBlock known) ? known : null;
                map.Find(address).ShouldBe(expected);
                map.Remove(address).ShouldBe(expected);
            }
        }

        map.Count.ShouldBe(truth.Count);
        foreach ((ulong address, HeldBlock block) in truth)
            map.Find(address).ShouldBe(block);
    }

    [Fact]
    public void Address_0_is_never_held()
    {
        var map = new BlockMap();
        map.Put(0, new HeldBlock(1, 1)).ShouldBeNull();
        map.Find(0).ShouldBeNull();
        map.Remove(0).ShouldBeNull();
    }
}
