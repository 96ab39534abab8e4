using Kaa.Recording.Analysis;
using Kaa.Recording.Format;
using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

public sealed class AllocationRecorderTests
{
    private static readonly AllocationSite Site = new(1, 0, AllocatorKind.Malloc);
    private static readonly AllocationSite Mapping = new(2, 0, AllocatorKind.Mmap);

    [Fact]
    public void An_end_that_was_lost_is_made_up_for_when_the_address_comes_again()
    {
        AllocationCounter counter = Counter(out AllocationRecorder recorder);
        recorder.Allocated(0x1000, 10, Site);
        recorder.Allocated(0x1000, 30, Site);
        recorder.Held.ShouldBe(30);
        counter.Finish()[0].Held.ShouldBe(new Sum(1, 30, 0));
    }

    [Fact]
    public void Memory_from_before_the_recording_is_counted_apart()
    {
        Counter(out AllocationRecorder recorder);
        recorder.Freed(0x1000);
        recorder.Unmapped(0x10000, 0x1000);
        recorder.Unknown.ShouldBe(2);
        recorder.Held.ShouldBe(0);
    }

    [Fact]
    public void A_mapping_can_be_given_back_in_parts()
    {
        AllocationCounter counter = Counter(out AllocationRecorder recorder);
        recorder.Mapped(0x10000, 0x4000, Mapping);
        recorder.Unmapped(0x11000, 0x1000);
        recorder.Held.ShouldBe(0x3000);
        counter.Finish()[0].Held.ShouldBe(new Sum(1, 0x3000, 0));
        recorder.Unmapped(0xf000, 0x10000);
        recorder.Held.ShouldBe(0);
        counter.Finish()[0].Held.ShouldBe(new Sum(0, 0, 0));
    }

    [Fact]
    public void A_mapping_that_is_put_over_another_ends_that_one()
    {
        Counter(out AllocationRecorder recorder);
        recorder.Mapped(0x10000, 0x4000, Mapping);
        recorder.Mapped(0x12000, 0x4000, Mapping);
        recorder.Held.ShouldBe(0x6000);
        recorder.Unknown.ShouldBe(0);
    }

    /// <summary>Against a map of pages, each of which knows its mapping.</summary>
    [Fact]
    public void Ranges_are_what_a_map_of_pages_says()
    {
        var random = new Random(7);
        const int Pages = 60;
        long?[] truth = new long?[Pages];
        Counter(out AllocationRecorder recorder);
        for (int i = 0; i < 3_000; i++)
        {
            int start = random.Next(Pages);
            int length = random.Next(1, Pages - start + 1);
            bool maps = random.Next(3) > 0;
            for (int page = start; page < start + length; page++)
                truth[page] = maps ? i : null;
            if (maps)
                recorder.Mapped((ulong)(start + 1) << 12, length << 12, Mapping);
            else
                recorder.Unmapped((ulong)(start + 1) << 12, length << 12);
            recorder.Held.ShouldBe(truth.Count(page => page is not null) << 12);
        }
    }

    /// <summary>What is written and read again adds up to what was added up on the way.</summary>
    [Fact]
    public void File_and_counter_agree()
    {
        var random = new Random(11);
        using var file = new MemoryStream();
        var writer = new RecordingWriter(file, new RecordingFacts { Pid = 1, Command = ["x"] });
        var counter = new AllocationCounter(new SampleWeight(null), new AnalysisRequest());
        var recorder = new AllocationRecorder(writer.Events, counter);
        for (int i = 0; i < 20_000; i++)
        {
            recorder.At(i * 3);
            ulong address = (ulong)random.Next(1, 2000) << 4;
            var site = new AllocationSite(random.Next(100), random.Next(40), (AllocatorKind)random.Next(1, 9));
            if (random.Next(2) == 0)
                recorder.Allocated(address, random.Next(10) == 0 ? random.NextInt64(1L << 40) : random.Next(4) * 16, site);
            else
                recorder.Freed(address);
            if (i % 3000 == 0)
                writer.Flush();
        }

        writer.End(200_000, "exited");
        AllocationAnalysis analysis = AllocationAnalysis.Of(new RecordingReader(file), new AnalysisRequest());
        analysis.Recording.Damage.ShouldBeNull();
        analysis.Recording.EndReason.ShouldBe("exited");
        analysis.Sites.ShouldBe(counter.Finish());
        analysis.PeakMicroseconds.ShouldBe(counter.Sites.PeakMicroseconds);
        analysis.Held.Bytes.ShouldBe(recorder.Held);
    }

    private static AllocationCounter Counter(out AllocationRecorder recorder)
    {
        var counter = new AllocationCounter(new SampleWeight(null), new AnalysisRequest());
        recorder = new AllocationRecorder(null, counter);
        return counter;
    }
}
