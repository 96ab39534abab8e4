using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Tests.Unit.Target;

public sealed class PageCacheTests
{
    private const int Page = PageCache.PageSize;

    [Fact]
    public void Bytes_are_those_of_the_memory_at_any_place_and_length()
    {
        byte[] content = Random(40 * Page);
        var cache = new PageCache(new FakeMemory().Add(new Address(0x10000), content));
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            int start = random.Next(content.Length);
            int length = random.Next(4) == 0 ? random.Next(content.Length - start + 1) : Math.Min(random.Next(64), content.Length - start);
            byte[] buffer = new byte[length];
            cache.Read(new Address(0x10000 + (ulong)start), buffer).ShouldBe(length);
            buffer.AsSpan().SequenceEqual(content.AsSpan(start, length)).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_second_read_of_a_page_asks_no_one()
    {
        FakeMemory memory = new FakeMemory().Add(0x10000, new byte[Page]);
        var cache = new PageCache(memory);
        for (int i = 0; i < 100; i++)
            cache.Read<long>(new Address(0x10000 + ((ulong)i * 8))).ShouldBe(0);
        cache.Reads.ShouldBe(1);
        memory.Reads.ShouldBe(1);
        cache.Hits.ShouldBe(99);
        cache.Bytes.ShouldBe(Page);
    }

    [Fact]
    public void What_was_read_stays_as_it_was_until_it_is_cleared()
    {
        byte[] content = new byte[Page];
        var cache = new PageCache(new FakeMemory().Add(0x10000, content));
        cache.Read<byte>(new Address(0x10010)).ShouldBe((byte)0);
        content[0x10] = 7;
        cache.Read<byte>(new Address(0x10010)).ShouldBe((byte)0);
        cache.Clear();
        cache.Read<byte>(new Address(0x10010)).ShouldBe((byte)7);
    }

    [Fact]
    public void Reading_through_fetches_more_at_a_time()
    {
        var cache = new PageCache(new FakeMemory().Add(new Address(0x100000), new byte[64 * Page]));
        for (int i = 0; i < 64 * Page; i += 8)
            cache.Read<long>(new Address(0x100000 + (ulong)i));
        cache.Reads.ShouldBeLessThan(20);
    }

    [Fact]
    public void A_hole_is_asked_for_once_and_a_read_into_it_is_short()
    {
        FakeMemory memory = new FakeMemory().Add(new Address(0x10000), new byte[Page]);
        var cache = new PageCache(memory);
        byte[] buffer = new byte[16];
        cache.Read(new Address(0x10ff8), buffer).ShouldBe(8);
        cache.Read(new Address(0x11000), buffer).ShouldBe(0);
        long reads = cache.Reads;
        cache.Read(new Address(0x11008), buffer).ShouldBe(0);
        cache.Read(new Address(0x10ff8), buffer).ShouldBe(8);
        cache.Reads.ShouldBe(reads);
    }

    [Fact]
    public void A_page_behind_a_hole_is_read_though_its_window_begins_with_the_hole()
    {
        var cache = new PageCache(new FakeMemory().Add(new Address(0x11000), new byte[Page]));
        cache.TryRead(new Address(0x11010), out long _).ShouldBeTrue();
        cache.TryRead(new Address(0x10010), out long _).ShouldBeFalse();
    }

    [Fact]
    public void Memory_that_ends_inside_a_page_is_read_up_to_there()
    {
        var cache = new PageCache(new FakeMemory().Add(0x10000, new byte[100]));
        byte[] buffer = new byte[64];
        cache.Read(new Address(0x10000 + 90), buffer).ShouldBe(10);
        cache.Read(new Address(0x10000 + 100), buffer).ShouldBe(0);
        cache.Read(new Address(0x10000), buffer).ShouldBe(64);
    }

    [Fact]
    public void The_top_of_the_address_space_does_not_wrap_around()
    {
        var cache = new PageCache(new FakeMemory().Add(0, new byte[Page]).Add(0xfffffffffffff000, new byte[Page]));
        byte[] buffer = new byte[64];
        cache.Read(new Address(ulong.MaxValue - 31), buffer).ShouldBe(32);
        cache.Read(new Address(0), buffer).ShouldBe(64);
    }

    [Fact]
    public void When_time_is_up_what_is_cached_can_still_be_read()
    {
        bool expired = false;
        var cache = new PageCache(new FakeMemory().Add(new Address(0x10000), new byte[64 * Page]), () => expired);
        cache.Read<long>(new Address(0x10000));
        expired = true;
        cache.Read<long>(new Address(0x10008)).ShouldBe(0);
        Should.Throw<TargetFault>(() => cache.Read<long>(new Address(0x30000))).Reason.ShouldBe(FaultReason.Budget);
    }

    [Fact]
    public void Garbage_pointers_do_not_make_it_grow()
    {
        var everywhere = new Everywhere();
        var cache = new PageCache(everywhere, maxPages: 64);
        var random = new Random(2);
        bool right = true;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20_000; i++)
        {
            ulong address = (ulong)random.NextInt64() & ~7ul;
            right &= cache.Read<ulong>(new Address(address)) == address >> 12;
        }

        right.ShouldBeTrue();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 << 20);
    }

    [Fact]
    public void Holes_alone_do_not_make_it_grow_either()
    {
        var cache = new PageCache(new Nowhere(), maxPages: 64);
        bool found = false;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 20_000; i++)
            found |= cache.TryRead(new Address(i * 10 * Page), out long _);
        found.ShouldBeFalse();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    private static byte[] Random(int length)
    {
        byte[] bytes = new byte[length];
        new Random(3).NextBytes(bytes);
        return bytes;
    }

    private sealed class Nowhere : IMemory
    {
        public int Read(Address address, Span<byte> buffer) => 0;
    }

    /// <summary>Every word holds the number of its page.</summary>
    private sealed class Everywhere : IMemory
    {
        public int Read(Address address, Span<byte> buffer)
        {
            for (int i = 0; i + 8 <= buffer.Length; i += 8)
                BitConverter.TryWriteBytes(buffer[i..], unchecked(address.Value + (ulong)i) >> 12);
            return buffer.Length;
        }
    }
}
