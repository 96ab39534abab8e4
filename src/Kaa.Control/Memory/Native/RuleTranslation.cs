using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;

namespace Kaa.Control.Memory.Native;

/// <summary>Rows of unwind tables → what the agent can follow: the frame by rsp or rbp, and where rbp was saved. Other registers are not followed.</summary>
internal static class RuleTranslation
{
    private const byte BaseRegister = 0x76; // DW_OP_breg6
    private const byte StackRegister = 0x77; // DW_OP_breg7
    private const byte Dereference = 0x06;
    private const byte PlusConstant = 0x23;
    private const int SignalStack = 160; // from the frame of a handler to the stack pointer that was interrupted: struct ucontext
    private const int Return = -8;

    /// <summary>glibc's and all linkers' rule for a PLT: <c>rsp + 8 + ((rip &amp; 15) &gt;= N) &lt;&lt; 3</c>; N is at 6.</summary>
    private static ReadOnlySpan<byte> Stub => [0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];

    private const int StubNumberAt = 6;
    private const byte Literal0 = 0x30;

    /// <param name="evaluates">The function runs a Python frame in each call.</param>
    public static AgentRule Of(UnwindRow row, bool evaluates)
    {
        AgentRule rule = OfFrame(row);
        rule.evaluates = evaluates ? (byte)1 : (byte)0;
        if (rule.kind is AgentRuleKind.None or AgentRuleKind.Signal)
            return rule;
        if (row.Rules[X64Registers.Rsp].Kind is not (UnwindRuleKind.Unspecified or UnwindRuleKind.SameValue) && row.Rules[X64Registers.Rsp] != new UnwindRule(UnwindRuleKind.ValueOffset, 0))
            return rule with { kind = AgentRuleKind.None };
        UnwindRule back = row.Rules[X64Registers.Rip];
        if (back.Kind == UnwindRuleKind.Undefined)
            return rule with { kind = AgentRuleKind.End };
        if (row.ReturnColumn != X64Registers.Rip || back.Kind != UnwindRuleKind.Offset || back.Value != Return)
            return rule with { kind = AgentRuleKind.None };
        (rule.bp_kind, rule.bp) = OfBase(row.Rules[X64Registers.Rbp]);
        return rule;
    }

    private static AgentRule OfFrame(UnwindRow row)
    {
        if (row.CfaExpression is { } expression)
            return OfExpression(expression, row.SignalFrame);
        AgentRuleKind kind = row.CfaRegister switch
        {
            X64Registers.Rsp => AgentRuleKind.Stack,
            X64Registers.Rbp => AgentRuleKind.Base,
            _ => AgentRuleKind.None,
        };
        return row.CfaOffset is >= int.MinValue and <= int.MaxValue ? new AgentRule { kind = kind, cfa = (int)row.CfaOffset } : default;
    }

    private static AgentRule OfExpression(ReadOnlySpan<byte> expression, bool isSignal)
    {
        if (expression.Length == Stub.Length && expression[..StubNumberAt].SequenceEqual(Stub[..StubNumberAt]) && expression[(StubNumberAt + 1)..].SequenceEqual(Stub[(StubNumberAt + 1)..]))
            return new AgentRule { kind = AgentRuleKind.Stub, cfa = 8, add = expression[StubNumberAt] - Literal0 };
        var reader = new SpanReader(expression, ".eh_frame");
        byte register = reader.U8();
        if (register is not (BaseRegister or StackRegister))
            return default;
        long offset = reader.Sleb();
        if (reader.AtEnd || reader.U8() != Dereference || offset is < int.MinValue or > int.MaxValue)
            return default;
        if (isSignal)
            return new AgentRule { kind = register == StackRegister && offset == SignalStack ? AgentRuleKind.Signal : AgentRuleKind.None };
        ulong add = !reader.AtEnd && reader.U8() == PlusConstant ? reader.Uleb() : 0;
        return reader.AtEnd && add <= int.MaxValue
            ? new AgentRule { kind = register == BaseRegister ? AgentRuleKind.BehindBase : AgentRuleKind.BehindStack, cfa = (int)offset, add = (int)add }
            : default;
    }

    private static (AgentBaseKind Kind, int Offset) OfBase(UnwindRule rule)
    {
        switch (rule.Kind)
        {
            case UnwindRuleKind.Unspecified or UnwindRuleKind.SameValue:
                return (AgentBaseKind.Same, 0);
            case UnwindRuleKind.Offset when rule.Value is >= int.MinValue and <= int.MaxValue:
                return (AgentBaseKind.AtFrame, (int)rule.Value);
            case UnwindRuleKind.Expression:
                var reader = new SpanReader(rule.Expression!, ".eh_frame");
                return reader.U8() == BaseRegister && reader.Sleb() is >= int.MinValue and <= int.MaxValue and var offset && reader.AtEnd ? (AgentBaseKind.AtBase, (int)offset) : (AgentBaseKind.Unknown, 0);
            default:
                return (AgentBaseKind.Unknown, 0);
        }
    }
}
