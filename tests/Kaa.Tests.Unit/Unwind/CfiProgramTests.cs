using Kaa.Formats;
using Kaa.Formats.Cfi;

namespace Kaa.Tests.Unit.Unwind;

/// <summary>Call frame programs by hand, as gas writes them for the usual prologue.</summary>
public sealed class CfiProgramTests
{
    private static readonly Address Start = new(0x1000);

    [Fact]
    public void A_push_moves_the_CFA_and_saves_the_register()
    {
        // def_cfa rsp+8; rip at cfa-8 | advance 1; def_cfa_offset 16; rbp at cfa-16; advance 3; def_cfa_register rbp
        byte[] program = [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6];
        Row(program, 0).CfaOffset.ShouldBe(8);
        UnwindRow after = Row(program, 1);
        (after.CfaRegister, after.CfaOffset).ShouldBe((7, 16L));
        after.Rules[6].ShouldBe(new UnwindRule(UnwindRuleKind.Offset, -16));
        Row(program, 3).CfaRegister.ShouldBe(7);
        Row(program, 4).CfaRegister.ShouldBe(6);
    }

    /// <summary>The prologue from above, then an early end of the function and the rest of it: each row once, in order, and the same as when it is asked for by address.</summary>
    [Fact]
    public void All_rows_are_visited_in_order()
    {
        byte[] program = [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x48, 0x0a, 0x0c, 7, 8, 0xc6, 0x41, 0x0b];
        var rows = new List<(long From, int Register, long Offset, UnwindRuleKind Base)>();
        CfiProgram.Visit(Entry(program), (from, row) => rows.Add((from - Start, row.CfaRegister, row.CfaOffset, row.Rules[6].Kind)));
        rows.ConvertAll(row => row.From).ShouldBe([0L, 1, 4, 12, 13]);
        foreach ((long from, int register, long offset, UnwindRuleKind kind) in rows)
        {
            UnwindRow asked = Row(program, (int)from);
            (register, offset, kind).ShouldBe((asked.CfaRegister, asked.CfaOffset, asked.Rules[6].Kind));
        }
    }

    [Fact]
    public void A_remembered_row_comes_back()
    {
        // advance 1; remember; def_cfa_offset 64; advance 1; restore
        byte[] program = [0x41, 0x0a, 0x0e, 64, 0x41, 0x0b];
        Row(program, 1).CfaOffset.ShouldBe(64);
        Row(program, 2).CfaOffset.ShouldBe(8);
    }

    [Fact]
    public void Restore_goes_back_to_what_the_CIE_said()
    {
        // rbp at cfa-16; advance 1; restore rbp; restore rip
        byte[] program = [0x86, 2, 0x41, 0xc6, 0xd0];
        Row(program, 0).Rules[6].Kind.ShouldBe(UnwindRuleKind.Offset);
        Row(program, 1).Rules[6].Kind.ShouldBe(UnwindRuleKind.Unspecified);
        Row(program, 1).Rules[16].ShouldBe(new UnwindRule(UnwindRuleKind.Offset, -8));
    }

    [Theory]
    [InlineData(new byte[] { 0x0b })]
    [InlineData(new byte[] { 0x3f })]
    [InlineData(new byte[] { 0x0e })]
    [InlineData(new byte[] { 0x0f, 0x7f, 1 })]
    public void Nonsense_is_bad_data(byte[] program) => Should.Throw<BadData>(() => Row(program, 0));

    [Fact]
    public void Remembering_without_end_is_bad_data() => Should.Throw<BadData>(() => Row([.. Enumerable.Repeat((byte)0x0a, 1000)], 0));

    /// <summary>Found by fuzzing: length, id 0, version 1, "z", alignments, return column, augmentation data of 2³² − 1 bytes.</summary>
    [Fact]
    public void Augmentation_data_larger_than_its_entry_is_bad_data()
    {
        byte[] bytes =
        [
            14, 0, 0, 0, 0, 0, 0, 0, 1, (byte)'z', 0, 1, 0x78, 16, 0xff, 0xff, 0xff, 0x0f,
            20, 0, 0, 0, 22, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0,
        ];
        Should.Throw<BadData>(() => new EhFrameList(new FakeMemory().Add(0x1000, bytes), new Address(0x1000), (ulong)bytes.Length).Find(new Address(0x1001)))
            .Rule.ShouldContain("augmentation");
    }

    [Fact]
    public void The_expression_of_a_PLT_stub_gives_the_CFA()
    {
        // What ld writes for .plt: rsp + 8 + ((rip & 15) >= 11) * 8
        byte[] expression = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];
        Evaluate(expression, rsp: 0x100, rip: 0x2000).ShouldBe(0x108UL);
        Evaluate(expression, rsp: 0x100, rip: 0x200b).ShouldBe(0x110UL);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x22 })]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0x2f, 0xfd, 0xff })]
    [InlineData(new byte[] { 0x30, 0x12, 0x2f, 0xfc, 0xff })]
    [InlineData(new byte[] { 0x75, 0 })]
    public void An_expression_of_nonsense_is_bad_data(byte[] expression) => Should.Throw<BadData>(() => Evaluate(expression, 1, 2));

    private static ulong Evaluate(byte[] expression, ulong rsp, ulong rip)
    {
        var registers = new ulong?[17];
        (registers[7], registers[16]) = (rsp, rip);
        return DwarfExpression.Evaluate(expression, registers, new FakeMemory(), null);
    }

    private static UnwindRow Row(byte[] program, int offset) => CfiProgram.Run(Entry(program), Start + offset);

    private static FrameEntry Entry(byte[] program)
    {
        var common = new CommonEntry
        {
            CodeAlignment = 1,
            DataAlignment = -8,
            ReturnColumn = 16,
            PointerEncoding = 0x1b,
            HasAugmentationData = true,
            SignalFrame = false,
            Instructions = [0x0c, 7, 8, 0x90, 1],
        };
        return new FrameEntry { Common = common, Start = Start, End = Start + 100, Instructions = program, InstructionsAt = Start };
    }
}
