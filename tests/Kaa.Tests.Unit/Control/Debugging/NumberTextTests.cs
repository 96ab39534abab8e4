using Kaa.Control.Debugging.Values;
using Kaa.Target.Arch;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Numbers, characters, texts, formats and registers as gdb 13.1 writes them.</summary>
public sealed class NumberTextTests
{
    [Theory]
    [InlineData(255, 4, 'x', "0xff")]
    [InlineData(-1, 4, 'x', "0xffffffff")]
    [InlineData(-1, 8, 'x', "0xffffffffffffffff")]
    [InlineData(255, 4, 'z', "0x000000ff")]
    [InlineData(255, 1, 'd', "-1")]
    [InlineData(255, 1, 'u', "255")]
    [InlineData(-1, 4, 'd', "-1")]
    [InlineData(-1, 4, 'u', "4294967295")]
    [InlineData(8, 4, 'o', "010")]
    [InlineData(0, 4, 'o', "0")]
    [InlineData(5, 4, 't', "101")]
    [InlineData(97, 1, 'c', "97 'a'")]
    [InlineData(10, 1, 'c', "10 '\\n'")]
    [InlineData(255, 1, 'c', "-1 '\\377'")]
    [InlineData(39, 1, 'c', "39 '\\''")]
    public void A_number(long number, int size, char letter, string expected) => NumberText.Of(unchecked((ulong)number), size, letter).ShouldBe(expected);

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("line\nend\t", "\"line\\nend\\t\"")]
    [InlineData("é", "\"é\"")]
    [InlineData("\u0001\e", "\"\\001\\033\"")]
    public void A_text(string text, string expected) => NumberText.Quoted(System.Text.Encoding.UTF8.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public void Bytes_that_are_no_text() => NumberText.Quoted([0xff, 0x41]).ShouldBe("\"\\377A\"");

    [Theory]
    [InlineData("/x $rip", 1, 'x', null, "$rip")]
    [InlineData("/4i $pc", 4, 'i', null, "$pc")]
    [InlineData("/10gx $sp", 10, 'x', 8, "$sp")]
    [InlineData("/s", 1, 's', null, "")]
    [InlineData("1+1", 1, null, null, "1+1")]
    public void A_format(string argument, int count, char? letter, int? size, string rest)
    {
        DisplayFormat.Take(ref argument).ShouldBe(new DisplayFormat(count, letter, size));
        argument.ShouldBe(rest);
    }

    [Fact]
    public void Registers_and_their_parts()
    {
        var words = new ulong[X64RegisterFile.Words];
        words[10] = 0x1122334455667788; // rax
        words[9] = 0xa1a2a3a4a5a6a7a8; // r8
        words[16] = 0x401000; // rip
        words[18] = 0x246; // eflags
        words[15] = 35; // orig_rax
        var registers = new X64RegisterFile(words);
        registers["rax"].ShouldBe(0x1122334455667788ul);
        registers["eax"].ShouldBe(0x55667788ul);
        registers["ax"].ShouldBe(0x7788ul);
        registers["al"].ShouldBe(0x88ul);
        registers["ah"].ShouldBe(0x77ul);
        registers["r8d"].ShouldBe(0xa5a6a7a8ul);
        registers["r8w"].ShouldBe(0xa7a8ul);
        registers["r8l"].ShouldBe(0xa8ul);
        registers["pc"].ShouldBe(0x401000ul);
        registers["orig_rax"].ShouldBe(35ul);
        registers["nothing"].ShouldBeNull();
        X64RegisterFile.Flags(0x246).ShouldBe("[ PF ZF IF ]");
        registers.General()[X64Registers.Rip].ShouldBe(0x401000ul);
    }

    [Fact]
    public void A_callers_frame_knows_what_was_saved()
    {
        var general = new X64Registers();
        general[X64Registers.Rip] = 5;
        var frame = new X64RegisterFile(general, new X64RegisterFile(new ulong[X64RegisterFile.Words]));
        frame["rip"].ShouldBe(5ul);
        frame["rax"].ShouldBeNull();
        frame["cs"].ShouldBe(0ul);
    }
}
