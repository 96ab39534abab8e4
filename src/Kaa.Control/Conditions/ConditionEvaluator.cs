using System.Text;
using System.Text.RegularExpressions;
using Kaa.Formats;

namespace Kaa.Control.Conditions;

/// <summary>Asks a condition in a moment. Nothing of the target runs for it; what can't be read makes the answer unknown, never false.</summary>
public sealed class ConditionEvaluator
{
    private readonly IConditionContext _context;
    private string? _unknown;

    private ConditionEvaluator(IConditionContext context) => _context = context;

    public static ConditionAnswer Ask(ConditionNode condition, IConditionContext context)
    {
        var evaluator = new ConditionEvaluator(context);
        bool? holds = evaluator.Truth(condition);
        return new ConditionAnswer(holds, holds is null ? evaluator._unknown ?? "something is not known" : null);
    }

    /// <summary>Kleene's logic: false and unknown is false, true or unknown is true.</summary>
    private bool? Truth(ConditionNode node)
    {
        switch (node)
        {
            case NotNode { Value: var value }:
                return !Truth(value);
            case AndNode { Left: var left, Right: var right }:
                bool? first = Truth(left);
                return first == false ? false : Truth(right) is var second && second == false ? false : first & second;
            case OrNode { Left: var left, Right: var right }:
                bool? one = Truth(left);
                return one == true ? true : Truth(right) is var other && other == true ? true : one | other;
            case ComparisonNode { Left.Type: ConditionType.Integer } comparison:
                return Integer(comparison.Left) is { } a && Integer(comparison.Right) is { } b ? Compare(comparison.Operation, a.CompareTo(b)) : null;
            case ComparisonNode comparison:
                return Text(comparison.Left) is { } x && Text(comparison.Right) is { } y ? Compare(comparison.Operation, string.CompareOrdinal(x, y)) : null;
            case MatchNode match:
                return Text(match.Text) is { } text ? Matches(match.Pattern, text) : null;
            case SameBytesNode same:
                return SameBytes(same);
            default:
                throw new InvalidOperationException("a condition of no known kind");
        }
    }

    private long? Integer(ConditionNode node)
    {
        switch (node)
        {
            case IntegerNode { Value: var value }:
                return value;
            case RegisterNode { Register: var number }:
                return _context.Register(number) ?? Unknown<long>("a register is not known");
            case FactNode { Fact: var fact }:
                return _context.Fact(fact) as long? ?? Unknown<long>(Missing(fact));
            case MemoryNode memory:
                return Integer(memory.Address) is { } address ? Read(address, memory.Size, memory.Signed) : null;
            case CutNode cut:
                return Integer(cut.Value) is { } whole ? Cut(whole, cut.Size, cut.Signed) : null;
            case LengthNode { Text: StringNode text }:
                return Integer(text.Address) is { } start ? Bytes(start)?.Length : null;
            case LengthNode { Text: var text }:
                return Text(text) is { } known ? Encoding.UTF8.GetByteCount(known) : null;
            case ArithmeticNode { Left: var left, Right: var right, Operation: var operation }:
                return Integer(left) is { } a && Integer(right) is { } b ? Compute(operation, a, b) : null;
            default:
                throw new InvalidOperationException("a number of no known kind");
        }
    }

    private string? Text(ConditionNode node)
    {
        switch (node)
        {
            case TextNode { Value: var value }:
                return value;
            case FactNode { Fact: var fact }:
                if (_context.Fact(fact) is string known)
                    return known;
                Unknown<long>(Missing(fact));
                return null;
            case StringNode { Address: var address }:
                return Integer(address) is { } place ? ReadText(place) : null;
            default:
                throw new InvalidOperationException("a text of no known kind");
        }
    }

    private long? Read(long address, int size, bool isSigned)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        if (!_context.Memory.TryReadExactly(At(address), bytes[..size]))
            return Unknown<long>($"0x{address:x} can't be read");
        return Cut(BitConverter.ToInt64(bytes), size, isSigned);
    }

    private string? ReadText(long address) => Bytes(address) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private byte[]? Bytes(long address)
    {
        try
        {
            return _context.Memory.ReadCStringBytes(At(address), Limits.ConditionText);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            Unknown<long>($"there is no text at 0x{address:x}");
            return null;
        }
    }

    private bool? SameBytes(SameBytesNode same)
    {
        if (Integer(same.Left) is not { } left || Integer(same.Right) is not { } right || Integer(same.Count) is not { } count)
            return null;
        if (count is < 0 or > Limits.ConditionText)
            return Unknown<bool>($"{count} bytes are too many to compare");
        byte[] first = new byte[count];
        byte[] second = new byte[count];
        return _context.Memory.TryReadExactly(At(left), first) && _context.Memory.TryReadExactly(At(right), second)
            ? first.AsSpan().SequenceEqual(second)
            : Unknown<bool>("memory to be compared can't be read");
    }

    private long? Compute(Operation operation, long a, long b) => operation switch
    {
        Operation.Add => unchecked(a + b),
        Operation.Subtract => unchecked(a - b),
        Operation.Multiply => unchecked(a * b),
        Operation.Divide or Operation.Remainder when b == 0 => Unknown<long>("a division by 0"),

        // The smallest number has no counterpart: C leaves open what comes of it, the processor traps.
        Operation.Divide => b == -1 ? unchecked(-a) : a / b,
        Operation.Remainder => b == -1 ? 0 : a % b,
        Operation.And => a & b,
        Operation.Or => a | b,
        Operation.Xor => a ^ b,
        Operation.ShiftLeft => b is >= 0 and < 64 ? a << (int)b : 0,
        _ => b is >= 0 and < 64 ? a >> (int)b : a < 0 ? -1 : 0,
    };

    private static bool Compare(Operation operation, int order) => operation switch
    {
        Operation.Equal => order == 0,
        Operation.NotEqual => order != 0,
        Operation.Less => order < 0,
        Operation.LessOrEqual => order <= 0,
        Operation.Greater => order > 0,
        _ => order >= 0,
    };

    private static Address At(long address) => new(unchecked((ulong)address));

    private static long Cut(long value, int size, bool isSigned) => unchecked((size, isSigned) switch
    {
        (1, true) => (sbyte)value,
        (1, false) => (byte)value,
        (2, true) => (short)value,
        (2, false) => (ushort)value,
        (4, true) => (int)value,
        (4, false) => (uint)value,
        _ => value,
    });

    private static string Missing(ConditionFact fact) => fact switch
    {
        ConditionFact.ThreadName or ConditionFact.ThreadId => "the thread is not known",
        ConditionFact.Result => "the result is known when the call has returned only",
        _ => "the thread is in no Python code",
    };

    /// <summary>Notes the first reason.</summary>
    private bool? Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return Unknown<bool>($"'{pattern}' takes longer than {Limits.PatternTime.TotalMilliseconds} ms on a text");
        }
    }

    private T? Unknown<T>(string why)
        where T : struct
    {
        _unknown ??= why;
        return null;
    }
}
