using System.Buffers.Binary;
using Kaa.Control.Conditions;

namespace Kaa.Control.Agent;

/// <summary>Condition → bytes of enum kaa_op (agent/protocol.h), operands first.</summary>
internal sealed class ConditionCompiler
{
    private const int MostDepth = 16; // KAA_DEPTH
    private const byte Signed = 0x80;

    private readonly List<byte> _code = [];
    private int _depth;
    private int _deepest;
    private bool _knowsAnything;

    public bool IsExact { get; private set; } = true;

    public bool TryCompile(ConditionNode condition, out byte[] code)
    {
        Add(condition);
        code = [.. _code];
        return _knowsAnything && code.Length <= AgentHook.ProgramSize && _deepest <= MostDepth;
    }

    private void Add(ConditionNode node)
    {
        switch (node)
        {
            case IntegerNode { Value: var value }:
                Push(AgentOp.Number);
                Operand(value);
                break;
            case RegisterNode { Register: var register }:
                Push(AgentOp.Register);
                _code.Add((byte)register);
                _knowsAnything = true;
                break;
            case FactNode { Fact: ConditionFact.ThreadId }:
                Push(AgentOp.Thread);
                _knowsAnything = true;
                break;
            case MemoryNode memory:
                Add(memory.Address);
                Emit(AgentOp.Load, memory.Size, memory.Signed);
                break;
            case CutNode cut:
                Add(cut.Value);
                Emit(AgentOp.Cut, cut.Size, cut.Signed);
                break;
            case NotNode { Value: var value }:
                Add(value);
                _code.Add((byte)AgentOp.Not);
                break;
            case AndNode { Left: var left, Right: var right }:
                Combine(AgentOp.And, left, right);
                break;
            case OrNode { Left: var left, Right: var right }:
                Combine(AgentOp.Or, left, right);
                break;
            case ComparisonNode { Left.Type: ConditionType.Integer } comparison:
                Combine(OpOf(comparison.Operation), comparison.Left, comparison.Right);
                break;
            case ArithmeticNode arithmetic:
                Combine(OpOf(arithmetic.Operation), arithmetic.Left, arithmetic.Right);
                break;
            default:
                IsExact = false;
                Push(AgentOp.Unknown);
                break;
        }
    }

    private void Combine(AgentOp op, ConditionNode left, ConditionNode right)
    {
        Add(left);
        Add(right);
        _code.Add((byte)op);
        _depth--;
    }

    private void Push(AgentOp op)
    {
        _code.Add((byte)op);
        _deepest = Math.Max(_deepest, ++_depth);
    }

    private void Emit(AgentOp op, int size, bool isSigned)
    {
        _code.Add((byte)op);
        _code.Add((byte)(size | (isSigned ? Signed : 0)));
    }

    private void Operand(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    private static AgentOp OpOf(Operation operation) => AgentOp.Operations + (byte)operation;
}

/// <summary>enum kaa_op.</summary>
internal enum AgentOp : byte
{
    End,
    Number,
    Register,
    Thread,
    Unknown,
    Load,
    Cut,
    Not,
    And,
    Or,

    /// <summary>From here on those of <see cref="Operation"/>, in their order.</summary>
    Operations,
}
