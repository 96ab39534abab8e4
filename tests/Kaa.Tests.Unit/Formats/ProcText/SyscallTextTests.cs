using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class SyscallTextTests
{
    [Fact]
    public void A_running_thread_tells_nothing_more() => SyscallText.Parse("running\n"u8).ShouldBe(new SyscallText { Running = true });

    [Fact]
    public void A_thread_in_the_kernel_but_in_no_call_has_its_stack_pointer()
    {
        SyscallText text = SyscallText.Parse("-1 0x7ffd10 0x7fc5ec2322ad\n"u8);
        text.ShouldBe(new SyscallText(false, -1, 0, 0, 0, 0, 0, 0, new Address(0x7ffd10), new Address(0x7fc5ec2322ad)));
    }

    [Fact]
    public void A_system_call_has_six_arguments()
    {
        SyscallText text = SyscallText.Parse("202 0x1 0x2 0x3 0xffffffffffffffff 0x5 0x6 0x7ffd10 0x7fc5ec2322ad\n"u8);
        text.ShouldBe(new SyscallText(
            false, 202, 1, 2, 3, ulong.MaxValue, 5, 6, new Address(0x7ffd10), new Address(0x7fc5ec2322ad)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("202")]
    [InlineData("202 0x1 0x2 0x3 0x4 0x5 0x6 0x7\n")]
    [InlineData("-1 0x1\n")]
    [InlineData("202 1 2 3 4 5 6 7 8\n")]
    public void A_cut_or_wrong_text_is_bad_data(string text) =>
        Should.Throw<BadData>(() => SyscallText.Parse(System.Text.Encoding.ASCII.GetBytes(text)));
}
