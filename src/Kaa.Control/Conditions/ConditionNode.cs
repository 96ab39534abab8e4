using System.Text.RegularExpressions;
using Kaa.Formats;

namespace Kaa.Control.Conditions;

/// <summary>What a part of a condition stands for.</summary>
public enum ConditionType
{
    Truth,

    /// <summary>64 bits, signed, as gdb has a register.</summary>
    Integer,
    Text,
}

/// <summary>A part of a condition. Types were checked when it was parsed.</summary>
public abstract record ConditionNode(ConditionType Type);

internal sealed record IntegerNode(long Value) : ConditionNode(ConditionType.Integer);

internal sealed record TextNode(string Value) : ConditionNode(ConditionType.Text);

/// <summary>A general register by its number (<c>X64Registers</c>).</summary>
internal sealed record RegisterNode(int Register) : ConditionNode(ConditionType.Integer);

/// <summary>An integer of the target's memory.</summary>
/// <param name="Size">1, 2, 4 or 8 bytes.</param>
internal sealed record MemoryNode(ConditionNode Address, int Size, bool Signed) : ConditionNode(ConditionType.Integer);

/// <summary>The low bits of an integer: <c>(int) arg0</c>.</summary>
internal sealed record CutNode(ConditionNode Value, int Size, bool Signed) : ConditionNode(ConditionType.Integer);

/// <summary>The C string at an address.</summary>
internal sealed record StringNode(ConditionNode Address) : ConditionNode(ConditionType.Text);

internal sealed record LengthNode(ConditionNode Text) : ConditionNode(ConditionType.Integer);

/// <summary>What is known of the thread and its innermost Python frame.</summary>
internal sealed record FactNode(ConditionFact Fact, ConditionType Of) : ConditionNode(Of);

internal sealed record ArithmeticNode(Operation Operation, ConditionNode Left, ConditionNode Right) : ConditionNode(ConditionType.Integer);

internal sealed record ComparisonNode(Operation Operation, ConditionNode Left, ConditionNode Right) : ConditionNode(ConditionType.Truth);

/// <summary>The pattern occurs somewhere in the text.</summary>
internal sealed record MatchNode(ConditionNode Text, Regex Pattern) : ConditionNode(ConditionType.Truth);

/// <summary>As many bytes at two addresses are the same.</summary>
internal sealed record SameBytesNode(ConditionNode Left, ConditionNode Right, ConditionNode Count) : ConditionNode(ConditionType.Truth);

internal sealed record NotNode(ConditionNode Value) : ConditionNode(ConditionType.Truth);

internal sealed record AndNode(ConditionNode Left, ConditionNode Right) : ConditionNode(ConditionType.Truth);

internal sealed record OrNode(ConditionNode Left, ConditionNode Right) : ConditionNode(ConditionType.Truth);

public enum ConditionFact
{
    PythonFunction,
    PythonFile,
    PythonLine,

    /// <summary>The functions of all Python frames, innermost first, with a blank between.</summary>
    PythonStack,
    ThreadName,
    ThreadId,

    /// <summary>What the call gave back: known at its end only.</summary>
    Result,
}

/// <summary>In the order of enum kaa_op (agent/protocol.h), which has them behind others.</summary>
internal enum Operation : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}
