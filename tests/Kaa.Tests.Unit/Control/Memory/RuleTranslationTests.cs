using Kaa.Control.Memory;
using Kaa.Control.Memory.Native;
using Kaa.Formats.Cfi;

namespace Kaa.Tests.Unit.Control.Memory;

public sealed class RuleTranslationTests
{
    private const int Rbp = 6;
    private const int Rsp = 7;
    private const int Rip = 16;

    [Fact]
    public void A_frame_by_the_stack_pointer_with_a_saved_base()
    {
        UnwindRow row = Row(Rsp, 48);
        row.Rules[Rbp] = new UnwindRule(UnwindRuleKind.Offset, -16);
        AgentRule rule = RuleTranslation.Of(row, evaluates: true);
        (rule.kind, rule.cfa, rule.bp_kind, rule.bp, rule.evaluates).ShouldBe((AgentRuleKind.Stack, 48, AgentBaseKind.AtFrame, -16, (byte)1));
    }

    [Fact]
    public void A_frame_by_the_base_pointer()
    {
        AgentRule rule = RuleTranslation.Of(Row(Rbp, 16), evaluates: false);
        (rule.kind, rule.cfa, rule.bp_kind).ShouldBe((AgentRuleKind.Base, 16, AgentBaseKind.Same));
    }

    /// <summary>What gcc says of a function whose stack is aligned: the frame's address lies below the base, which was saved there.</summary>
    [Fact]
    public void A_frame_whose_address_was_saved()
    {
        UnwindRow row = Row(-1, 0, [0x76, 0x78, 0x06]);
        row.Rules[Rbp] = new UnwindRule(UnwindRuleKind.Expression, 0, [0x76, 0x00]);
        AgentRule rule = RuleTranslation.Of(row, evaluates: false);
        (rule.kind, rule.cfa, rule.add, rule.bp_kind, rule.bp).ShouldBe((AgentRuleKind.BehindBase, -8, 0, AgentBaseKind.AtBase, 0));
    }

    [Fact]
    public void A_stub_of_the_linker()
    {
        AgentRule rule = RuleTranslation.Of(Row(-1, 0, [0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22]), evaluates: false);
        (rule.kind, rule.cfa, rule.add).ShouldBe((AgentRuleKind.Stub, 8, 11));
    }

    [Fact]
    public void The_frame_of_a_signal_handler()
    {
        UnwindRow row = Row(-1, 0, [0x77, 0xa0, 0x01, 0x06]);
        row.SignalFrame = true;
        RuleTranslation.Of(row, evaluates: false).kind.ShouldBe(AgentRuleKind.Signal);
    }

    [Fact]
    public void Who_has_no_caller_ends_the_stack()
    {
        UnwindRow row = Row(Rsp, 8);
        row.Rules[Rip] = new UnwindRule(UnwindRuleKind.Undefined, 0);
        RuleTranslation.Of(row, evaluates: false).kind.ShouldBe(AgentRuleKind.End);
    }

    /// <summary>The stack is not followed where a rule says what can't be followed: by another register, an expression of another form, a return address elsewhere.</summary>
    [Fact]
    public void What_can_not_be_followed_is_no_rule()
    {
        RuleTranslation.Of(Row(10, 8), evaluates: false).kind.ShouldBe(AgentRuleKind.None);
        RuleTranslation.Of(Row(-1, 0, [0x7a, 0x78, 0x06]), evaluates: false).kind.ShouldBe(AgentRuleKind.None);
        RuleTranslation.Of(Row(-1, 0, [0x76, 0x78]), evaluates: false).kind.ShouldBe(AgentRuleKind.None);
        UnwindRow elsewhere = Row(Rsp, 16);
        elsewhere.Rules[Rip] = new UnwindRule(UnwindRuleKind.Offset, -16);
        RuleTranslation.Of(elsewhere, evaluates: false).kind.ShouldBe(AgentRuleKind.None);
    }

    [Fact]
    public void A_base_that_is_elsewhere_is_not_known()
    {
        UnwindRow row = Row(Rsp, 16);
        row.Rules[Rbp] = new UnwindRule(UnwindRuleKind.Register, 3);
        AgentRule rule = RuleTranslation.Of(row, evaluates: false);
        (rule.kind, rule.bp_kind).ShouldBe((AgentRuleKind.Stack, AgentBaseKind.Unknown));
    }

    private static UnwindRow Row(int register, long offset, byte[]? expression = null)
    {
        var row = new UnwindRow { CfaRegister = register, CfaOffset = offset, CfaExpression = expression };
        row.Rules[Rip] = new UnwindRule(UnwindRuleKind.Offset, -8);
        return row;
    }
}
