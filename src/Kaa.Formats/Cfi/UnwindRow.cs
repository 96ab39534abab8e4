namespace Kaa.Formats.Cfi;

public enum UnwindRuleKind : byte
{
    /// <summary>Nothing was said of this register: callee-saved ones keep their value, by x86-64's ABI.</summary>
    Unspecified,
    Undefined,
    SameValue,

    /// <summary>Saved in memory at CFA + value.</summary>
    Offset,

    /// <summary>Is CFA + value.</summary>
    ValueOffset,

    /// <summary>Is in another register.</summary>
    Register,

    /// <summary>Saved in memory at the expression's address.</summary>
    Expression,

    /// <summary>Is the expression's value.</summary>
    ValueExpression,
}

/// <summary>How to find the caller's value of one register (DWARF 5, 6.4.1).</summary>
public readonly record struct UnwindRule(UnwindRuleKind Kind, long Value, byte[]? Expression = null);

/// <summary>How to go from one frame to its caller, for a range of program counters.</summary>
public sealed class UnwindRow
{
    /// <summary>DWARF numbers 0–16 of x86-64: rax rdx rcx rbx rsi rdi rbp rsp r8–r15, and the return address.</summary>
    public const int Columns = 17;

    /// <summary>The CFA is this register plus <see cref="CfaOffset"/>, unless <see cref="CfaExpression"/> is there.</summary>
    public int CfaRegister { get; internal set; } = -1;

    public long CfaOffset { get; internal set; }

    public byte[]? CfaExpression { get; internal set; }

    /// <summary>By DWARF number.</summary>
    public UnwindRule[] Rules { get; private set; } = new UnwindRule[Columns];

    public int ReturnColumn { get; internal set; } = 16;

    /// <summary>Where the range begins that the rules are for: a function, or a part of one (.cold).</summary>
    public Address Start { get; internal set; }

    public Address End { get; internal set; }

    /// <summary>The frame was made by the kernel to run a signal handler: its program counter is exact, not a return address.</summary>
    public bool SignalFrame { get; internal set; }

    internal UnwindRow Clone() => new()
    {
        CfaRegister = CfaRegister,
        CfaOffset = CfaOffset,
        CfaExpression = CfaExpression,
        Rules = (UnwindRule[])Rules.Clone(),
        ReturnColumn = ReturnColumn,
        Start = Start,
        End = End,
        SignalFrame = SignalFrame,
    };

    internal void TakeFrom(UnwindRow other)
    {
        CfaRegister = other.CfaRegister;
        CfaOffset = other.CfaOffset;
        CfaExpression = other.CfaExpression;
        other.Rules.CopyTo(Rules, 0);
    }
}
