using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

public sealed class AllocationAnalysisTests
{
    /// <summary>Against sums that are made anew from all that is held, after each event.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_peak_is_the_first_moment_at_which_most_is_held(int seed)
    {
        var random = new Random(seed);
        var counter = new AllocationCounter(new SampleWeight(null), new AnalysisRequest());
        var held = new Dictionary<long, Allocation>();
        long most = -1;
        long mostAt = 0;
        Dictionary<int, (long Count, long Bytes)> atPeak = [];
        for (long now = 1; now < 3000; now++)
        {
            if (held.Count > 0 && random.Next(100) < (now < 1500 ? 45 : 55))
            {
                long index = held.Keys.ElementAt(random.Next(held.Count));
                held.Remove(index);
                counter.Freed(index, now);
            }
            else
            {
                var allocation = new Allocation(now, new AllocationSite(random.Next(7), 0, AllocatorKind.Malloc), random.Next(1, 20), now);
                held.Add(now, allocation);
                counter.Allocated(allocation);
            }

            long total = held.Values.Sum(each => each.Bytes);
            if (total <= most)
                continue;
            most = total;
            mostAt = now;
            atPeak = held.Values.GroupBy(each => each.Site.Stack).ToDictionary(group => group.Key, group => ((long)group.Count(), group.Sum(each => each.Bytes)));
        }

        counter.Sites.Peak.ShouldBe(most);
        counter.Sites.PeakMicroseconds.ShouldBe(mostAt);
        foreach (SiteSums sums in counter.Finish())
        {
            (long count, long bytes) = atPeak.GetValueOrDefault(sums.Site.Stack);
            sums.AtPeak.ShouldBe(new Sum(count, bytes, 0));
        }
    }

    [Fact]
    public void What_ends_before_its_threads_next_allocation_is_temporary()
    {
        var counter = new AllocationCounter(new SampleWeight(null), new AnalysisRequest { TemporaryWithin = 1 });
        Allocate(counter, 0, stack: 1, thread: 0);
        Allocate(counter, 1, stack: 2, thread: 1);
        counter.Freed(0, 1); // another thread's allocation between does not count
        Allocate(counter, 2, stack: 3, thread: 1);
        counter.Freed(1, 1);
        counter.Finish().ShouldContain(sums => sums.Site.Stack == 1 && sums.Temporary.Count == 1);
        counter.Finish().ShouldContain(sums => sums.Site.Stack == 2 && sums.Temporary.Count == 0);
    }

    [Fact]
    public void The_oldest_one_that_is_held_gives_the_age()
    {
        var counter = new AllocationCounter(new SampleWeight(null), new AnalysisRequest());
        for (int i = 0; i < 5; i++)
            counter.Allocated(new Allocation(i, new AllocationSite(1, 0, AllocatorKind.Malloc), 8, 100 + i));
        counter.Freed(0, 200);
        counter.Freed(3, 200);
        counter.Finish()[0].OldestMicroseconds.ShouldBe(101);
    }

    /// <summary>Poisson samples of known allocations: the mean of many estimates is the truth, and the error bars cover it as they should.</summary>
    [Fact]
    public void Estimates_from_samples_are_unbiased()
    {
        const long Rate = 1000;
        const int Runs = 400;
        long[] sizes = [16, 100, 900, 5000];
        double truth = sizes.Sum() * 200;
        var random = new Random(5);
        double sum = 0;
        int covered = 0;
        for (int run = 0; run < Runs; run++)
        {
            var weight = new SampleWeight(Rate);
            Sum estimate = default;
            foreach (long size in sizes)
            {
                for (int i = 0; i < 200; i++)
                {
                    if (random.NextDouble() < 1 - Math.Exp(-(double)size / Rate))
                        estimate += weight.Of(size);
                }
            }

            sum += estimate.Bytes;
            if (Math.Abs(estimate.Bytes - truth) < 1.96 * Math.Sqrt(estimate.Variance))
                covered++;
        }

        (sum / Runs / truth).ShouldBe(1, 0.01);
        (covered / (double)Runs).ShouldBeInRange(0.90, 0.99);
    }

    [Fact]
    public void A_long_time_becomes_coarse_but_keeps_its_peak()
    {
        var timeline = new Timeline();
        timeline.Change(10, 5);
        timeline.Change(1_500, 900);
        timeline.Change(1_600, 7);
        timeline.Change(3_600_000_000, 8);
        timeline.Held.Count.ShouldBeLessThan(2049);
        timeline.Held.Max().ShouldBe(900);
        timeline.Held[^1].ShouldBe(8);
        timeline.Held[timeline.Held.Count / 2].ShouldBe(7);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(1024, 11)]
    [InlineData(long.MaxValue, 63)]
    public void Classes_of_sizes_are_powers_of_two(long bytes, int expected) => SizeHistogram.ClassOf(bytes).ShouldBe(expected);

    private static void Allocate(AllocationCounter counter, long index, int stack, int thread) =>
        counter.Allocated(new Allocation(index, new AllocationSite(stack, thread, AllocatorKind.Malloc), 8, 0));
}
