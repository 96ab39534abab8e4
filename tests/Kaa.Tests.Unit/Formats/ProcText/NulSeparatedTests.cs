using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class NulSeparatedTests
{
    [Fact]
    public void Arguments_are_split_at_each_NUL() => NulSeparated.Split("python3\0\0-c\0x y\0"u8).ShouldBe(["python3", "", "-c", "x y"]);

    [Fact]
    public void A_title_that_the_process_wrote_itself_is_one_string() => NulSeparated.Split("nginx: worker\0\0\0\0\0"u8).ShouldBe(["nginx: worker"]);

    [Fact]
    public void A_last_string_without_its_NUL_is_kept() => NulSeparated.Split("a\0b"u8).ShouldBe(["a", "b"]);

    [Fact]
    public void A_kernel_thread_has_no_command() => NulSeparated.Split([]).ShouldBeEmpty();

    [Theory]
    [InlineData("HOME", "/root")]
    [InlineData("EMPTY", "")]
    [InlineData("TWICE", "first")]
    [InlineData("HOM", null)]
    [InlineData("/root", null)]
    public void A_variable_is_found_by_its_whole_name(string name, string? value) =>
        NulSeparated.FindVariable("HOME=/root\0EMPTY=\0TWICE=first\0TWICE=second\0"u8, System.Text.Encoding.UTF8.GetBytes(name)).ShouldBe(value);
}
