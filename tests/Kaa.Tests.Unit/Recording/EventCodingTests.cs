using Kaa.Formats;
using Kaa.Recording.Format;
using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

/// <summary>Events, from the encoder to the decoder.</summary>
public sealed class EventCodingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Allocations_come_out_as_they_went_in(int seed)
    {
        var random = new Random(seed);
        var bytes = new ByteSink();
        var encoder = new EventEncoder(bytes);
        List<(AllocationSite Site, long Bytes)> made = [];
        for (int i = 0; i < 20_000; i++)
        {
            // Often the same stack with another size, often all as before; small and large sizes.
            int stack = random.Next(4) == 0 || i == 0 ? random.Next(50) : made[^1].Site.Stack;
            long size = random.Next(3) switch { 0 => random.Next(600), 1 => random.NextInt64(1L << random.Next(1, 62)), _ => i == 0 ? 1 : made[^1].Bytes };
            var site = new AllocationSite(stack, random.Next(20) == 0 ? random.Next(100) : 0, (AllocatorKind)random.Next(AllocatorKinds.Count));
            encoder.Allocate(site, size).ShouldBe(i);
            made.Add((site, size));
        }

        var sink = new Collected();
        new EventDecoder().Decode(bytes.Written, sink);
        sink.Made.ShouldBe(made);
    }

    [Fact]
    public void Sizes_that_grow_at_one_place_take_two_bytes_each()
    {
        var bytes = new ByteSink();
        var encoder = new EventEncoder(bytes);
        var site = new AllocationSite(1, 0, AllocatorKind.Malloc);
        encoder.Allocate(site, 20_000);
        int before = bytes.Length;
        for (int i = 1; i <= 1000; i++)
            encoder.Allocate(site, 20_000 + i * 7);
        (bytes.Length - before).ShouldBe(2000);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 40)]
    [InlineData(3, 5000)]
    public void Ends_come_out_as_they_went_in(int seed, int kept)
    {
        var random = new Random(seed);
        var bytes = new ByteSink();
        var encoder = new EventEncoder(bytes);
        List<long> held = [];
        List<long> ended = [];
        for (int i = 0; i < 30_000; i++)
        {
            held.Add(encoder.Allocate(new AllocationSite(1, 0, AllocatorKind.Malloc), 16));
            while (held.Count > kept)
            {
                // Now one after the other, now anywhere.
                int place = random.Next(3) == 0 ? random.Next(held.Count) : random.Next(2) * (held.Count - 1);
                for (int count = random.Next(1, 50); count > 0 && place < held.Count; count--)
                {
                    encoder.Free(held[place]);
                    ended.Add(held[place]);
                    held.RemoveAt(place);
                }
            }
        }

        var sink = new Collected();
        new EventDecoder().Decode(bytes.Written, sink);
        sink.Ended.ShouldBe(ended);
    }

    [Fact]
    public void Ends_in_the_order_of_the_beginnings_take_a_byte_each()
    {
        var bytes = new ByteSink();
        var encoder = new EventEncoder(bytes);
        for (int i = 0; i < 16_000; i++)
            encoder.Allocate(new AllocationSite(1, 0, AllocatorKind.Malloc), 16);
        int before = bytes.Length;
        for (int i = 0; i < 16_000; i++)
            encoder.Free(i);
        (bytes.Length - before).ShouldBe(16_000);
    }

    [Theory]
    [InlineData(7, 0x7f)] // a size of −1
    [InlineData(3, 0)] // the end of what was never allocated
    [InlineData(4 | 17 << 3, 0)]
    [InlineData(6 | 1 << 3, 0x7f)]
    public void What_no_encoder_makes_is_refused(byte first, byte second) =>
        Should.Throw<BadData>(() => new EventDecoder().Decode([first, second], new Collected()));

    private sealed class Collected : IAllocationSink
    {
        public List<(AllocationSite Site, long Bytes)> Made { get; } = [];

        public void Allocated(in Allocation allocation) => Made.Add((allocation.Site, allocation.Bytes));

        public List<long> Ended { get; } = [];

        public void Freed(long index, long microseconds) => Ended.Add(index);

        public void Shrunk(long index, long bytes, long microseconds)
        {
        }
    }
}
