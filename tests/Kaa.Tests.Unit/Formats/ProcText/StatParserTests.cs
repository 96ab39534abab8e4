using System.Text;
using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class StatParserTests
{
    private const string Tail =
        " S 7 8 9 0 -1 4194304 101 0 0 0 21 22 0 0 20 0 3 0 167910 3133440 403 18446744073709551615 1 2 3 0 0 0 0 0 0 0 0 0 17 5 0 0 0 0 0";

    [Theory]
    [InlineData("python3")]
    [InlineData("a b")]
    [InlineData(") R 1 (")]
    [InlineData("((()")]
    [InlineData("new\nline")]
    [InlineData("")]
    public void The_name_ends_at_the_last_parenthesis(string name)
    {
        ProcessStat stat = Parse($"42 ({name}){Tail}\n");
        stat.Name.ShouldBe(name);
        stat.Pid.ShouldBe(42);
        stat.State.ShouldBe('S');
        stat.ParentPid.ShouldBe(7);
    }

    [Fact]
    public void Every_wanted_field_is_at_its_place()
    {
        ProcessStat stat = Parse($"42 (x){Tail}\n");
        stat.ProcessGroup.ShouldBe(8);
        stat.Session.ShouldBe(9);
        stat.Flags.ShouldBe(4194304u);
        stat.UserTime.ShouldBe(21ul);
        stat.SystemTime.ShouldBe(22ul);
        stat.Threads.ShouldBe(3);
        stat.StartTime.ShouldBe(167910ul);
        stat.VirtualSize.ShouldBe(3133440ul);
        stat.ResidentPages.ShouldBe(403);
        stat.ExitSignal.ShouldBe(17);
        stat.Processor.ShouldBe(5);
        stat.IsKernelThread.ShouldBeFalse();
        stat.IsZombie.ShouldBeFalse();
    }

    [Fact]
    public void A_kernel_thread_and_a_zombie_are_recognised()
    {
        Parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1").IsKernelThread.ShouldBeTrue();
        Parse("9 (x) Z 1 9 9 0 -1 4227084 0 0 0 0 0 0 0 0 20 0 1 0 1").IsZombie.ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("42 (x")]
    [InlineData("42 (x)")]
    [InlineData("42 (x) S 1 2 3")]
    [InlineData("42 (x) S 1 2 three")]
    [InlineData("99999999999 (x) S 1")]
    public void A_cut_or_wrong_text_is_bad_data(string text) => Should.Throw<BadData>(() => Parse(text));

    [Fact]
    public void This_very_process_is_read()
    {
        ProcessStat stat = StatParser.Parse(File.ReadAllBytes("/proc/self/stat"));
        stat.Pid.ShouldBe(Environment.ProcessId);
        stat.Threads.ShouldBeGreaterThan(1);
        stat.StartTime.ShouldBeGreaterThan(0ul);
        stat.ExitSignal.ShouldBe(17);
    }

    private static ProcessStat Parse(string text) => StatParser.Parse(Encoding.UTF8.GetBytes(text));
}
