using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class SmapsParserTests
{
    [Fact]
    public void Sizes_and_marks_belong_to_the_range_above_them()
    {
        List<RangeUsage> ranges = SmapsParser.Parse(
            """
            7f0000000000-7f0000004000 rw-p 00000000 00:00 0 
            Size:                 16 kB
            Rss:                  12 kB
            Anonymous:             8 kB
            AnonHugePages:         4 kB
            Swap:                  4 kB
            SwapPss:              99 kB
            THPeligible:           0
            VmFlags: rd wr mr mw me ac dc wf sd 
            7f0000008000-7f0000009000 r--s 00001000 fe:00 77                         /dev/shm/a b
            Rss:                   4 kB
            VmFlags: rd mr dd pf io ht

            """u8);
        ranges.Count.ShouldBe(2);
        ranges[0].ShouldBe(new RangeUsage(ranges[0].Mapping, 12 << 10, 8 << 10, 4 << 10, 4 << 10, RangeMarks.DontFork | RangeMarks.WipeOnFork));
        ranges[0].Mapping.Length.ShouldBe(0x4000ul);
        ranges[1].Mapping.Path.ShouldBe("/dev/shm/a b");
        ranges[1].Marks.ShouldBe(RangeMarks.DontDump | RangeMarks.Device | RangeMarks.HugePages);
    }

    [Fact]
    public void A_process_that_a_userfaultfd_watches_is_known() =>
        SmapsParser.Parse("1000-2000 rw-p 00000000 00:00 0 \nVmFlags: rd um\n"u8)[0].Is(RangeMarks.UserFault).ShouldBeTrue();

    [Fact]
    public void A_range_that_comes_twice_counts_once() =>
        SmapsParser.Parse("1000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\n2000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\n"u8).Count.ShouldBe(1);

    [Theory]
    [InlineData("Rss: 4 kB\n")]
    [InlineData("1000-2000 rw-p 00000000 00:00 0 \nRss: much\n")]
    [InlineData("nonsense\n")]
    public void What_breaks_the_format_is_bad_data(string text) => Should.Throw<BadData>(() => SmapsParser.Parse(System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void The_kernels_own_text_of_this_process_is_understood()
    {
        List<RangeUsage> ranges = SmapsParser.Parse(File.ReadAllBytes("/proc/self/smaps"));
        ranges.Count.ShouldBeGreaterThan(10);
        ranges.ShouldContain(range => range.Anonymous > 0);
        ranges.ShouldContain(range => range.Mapping.Path == "[vvar]" && range.Is(RangeMarks.Device));
    }
}
