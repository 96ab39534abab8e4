namespace Kaa.Formats.Cfi;

/// <summary>Evaluates the DWARF expressions that occur in call frame information (DWARF 5, 2.5 and 6.4.2).</summary>
public static class DwarfExpression
{
    /// <param name="registers">By DWARF number; null where a register's value is not known.</param>
    /// <param name="initial">Pushed first: the CFA for register rules; null for CFA expressions.</param>
    public static ulong Evaluate(byte[] expression, ReadOnlySpan<ulong?> registers, IMemory memory, ulong? initial)
    {
        var stack = new ValueStack();
        if (initial is { } first)
            stack.Push(first);
        var reader = new SpanReader(expression, "DWARF expression");
        for (int steps = 0; !reader.AtEnd; steps++)
        {
            if (steps > Limits.ExpressionSteps)
                throw new BadData("DWARF expression", reader.Position, "it does not end");
            Step(ref reader, ref stack, registers, memory);
        }

        return stack.Pop();
    }

    private static void Step(ref SpanReader reader, ref ValueStack stack, ReadOnlySpan<ulong?> registers, IMemory memory)
    {
        byte opcode = reader.U8();
        switch (opcode)
        {
            case >= 0x30 and <= 0x4f: // lit0…lit31
                stack.Push((ulong)(opcode - 0x30));
                break;
            case >= 0x70 and <= 0x8f: // breg0…breg31
                stack.Push(unchecked(Register(registers, opcode - 0x70) + (ulong)reader.Sleb()));
                break;
            case 0x92: // bregx
                ulong number = reader.Uleb();
                stack.Push(unchecked(Register(registers, (int)Math.Min(number, 1000)) + (ulong)reader.Sleb()));
                break;
            case 0x06: // deref
                stack.Push(memory.Read<ulong>(new Address(stack.Pop())));
                break;
            case 0x94: // deref_size
                stack.Push(ReadSized(memory, new Address(stack.Pop()), reader.U8()));
                break;
            case 0x28: // bra
                short branch = unchecked((short)reader.U16());
                if (stack.Pop() != 0)
                    reader.Seek(reader.Position + branch);
                break;
            case 0x2f: // skip
                short skip = unchecked((short)reader.U16());
                reader.Seek(reader.Position + skip);
                break;
            case 0x96: // nop
                break;
            default:
                if (!Constant(opcode, ref reader, ref stack) && !Arrange(opcode, ref reader, ref stack) && !Compute(opcode, ref reader, ref stack))
                    throw new BadData("DWARF expression", reader.Position, $"operation {opcode:x2} is not used in frame information");
                break;
        }
    }

    private static bool Constant(byte opcode, ref SpanReader reader, ref ValueStack stack)
    {
        ulong? value = opcode switch
        {
            0x03 or 0x0e => reader.U64(), // addr, const8u
            0x08 => reader.U8(),
            0x09 => unchecked((ulong)(sbyte)reader.U8()),
            0x0a => reader.U16(),
            0x0b => unchecked((ulong)(short)reader.U16()),
            0x0c => reader.U32(),
            0x0d => unchecked((ulong)(int)reader.U32()),
            0x0f => reader.U64(),
            0x10 => reader.Uleb(),
            0x11 => unchecked((ulong)reader.Sleb()),
            _ => null,
        };
        if (value is { } constant)
            stack.Push(constant);
        return value is not null;
    }

    private static bool Arrange(byte opcode, ref SpanReader reader, ref ValueStack stack)
    {
        switch (opcode)
        {
            case 0x12: // dup
                stack.Push(stack.Peek(0));
                return true;
            case 0x13: // drop
                stack.Pop();
                return true;
            case 0x14: // over
                stack.Push(stack.Peek(1));
                return true;
            case 0x15: // pick
                stack.Push(stack.Peek(reader.U8()));
                return true;
            case 0x16: // swap
                ulong top = stack.Pop();
                ulong below = stack.Pop();
                stack.Push(top);
                stack.Push(below);
                return true;
            default:
                return false;
        }
    }

    private static bool Compute(byte opcode, ref SpanReader reader, ref ValueStack stack)
    {
        if (opcode is 0x1f or 0x20 or 0x19 or 0x23) // neg, not, abs, plus_uconst: one operand
        {
            ulong value = stack.Pop();
            stack.Push(opcode switch
            {
                0x1f => unchecked(0 - value),
                0x20 => ~value,
                0x19 => unchecked((long)value < 0 ? 0 - value : value),
                _ => unchecked(value + reader.Uleb()),
            });
            return true;
        }

        if (opcode is not ((>= 0x1a and <= 0x1e) or (>= 0x21 and <= 0x27) or (>= 0x29 and <= 0x2e)))
            return false;
        ulong right = stack.Pop();
        ulong left = stack.Pop();
        stack.Push(Binary(opcode, left, right));
        return true;
    }

    private static ulong Binary(byte opcode, ulong left, ulong right) => unchecked(opcode switch
    {
        0x1a => left & right,
        0x1b => right is 0 or ulong.MaxValue ? 0 - left * (right & 1) : (ulong)((long)left / (long)right),
        0x1c => left - right,
        0x1d => right == 0 ? 0 : left % right,
        0x1e => left * right,
        0x21 => left | right,
        0x22 => left + right,
        0x24 => right > 63 ? 0 : left << (int)right,
        0x25 => right > 63 ? 0 : left >> (int)right,
        0x26 => (ulong)((long)left >> (int)Math.Min(right, 63)),
        0x27 => left ^ right,
        0x29 => left == right ? 1UL : 0,
        0x2a => (long)left >= (long)right ? 1UL : 0,
        0x2b => (long)left > (long)right ? 1UL : 0,
        0x2c => (long)left <= (long)right ? 1UL : 0,
        0x2d => (long)left < (long)right ? 1UL : 0,
        _ => left != right ? 1UL : 0,
    });

    private static ulong Register(ReadOnlySpan<ulong?> registers, int number) =>
        number < registers.Length && registers[number] is { } value
            ? value
            : throw new BadData("DWARF expression", number, "the register's value is not known");

    private static ulong ReadSized(IMemory memory, Address address, byte size) => size switch
    {
        1 => memory.Read<byte>(address),
        2 => memory.Read<ushort>(address),
        4 => memory.Read<uint>(address),
        8 => memory.Read<ulong>(address),
        _ => throw new BadData("DWARF expression", size, "a size that is none"),
    };

    private struct ValueStack()
    {
        private readonly ulong[] _values = new ulong[64];
        private int _count;

        public void Push(ulong value)
        {
            if (_count == _values.Length)
                throw new BadData("DWARF expression", _count, "its stack is full");
            _values[_count++] = value;
        }

        public ulong Pop() => _count == 0 ? throw new BadData("DWARF expression", 0, "its stack is empty") : _values[--_count];

        public readonly ulong Peek(int depth) =>
            depth < _count ? _values[_count - 1 - depth] : throw new BadData("DWARF expression", depth, "its stack is too short");
    }
}
