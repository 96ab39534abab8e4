using Kaa.Python;
using Kaa.Python.Bytecode;

namespace Kaa.Tests.Unit.Python.Bytecode;

/// <summary>Writes bytecode of one version by names of instructions.</summary>
internal sealed class Assembler(int major, int minor)
{
    private readonly List<byte> _code = [];

    public OpcodeSet Set { get; } = OpcodeSet.For(new PythonVersion(major, minor))!;

    public int Position => _code.Count;

    public byte[] Code => [.. _code];

    /// <summary>Adds an instruction with an empty cache; gives its offset.</summary>
    public int Add(Op op, int argument = 0)
    {
        int at = _code.Count;
        byte number = Number(op);
        if (Set.HasUnits)
            _code.AddRange([number, (byte)argument]);
        else if (number >= 90)
            _code.AddRange([number, (byte)argument, (byte)(argument >> 8)]);
        else
            _code.Add(number);
        _code.AddRange(new byte[Set.CacheOf(op) * 2]);
        return at;
    }

    /// <summary>Sets the argument of a jump so that it leads here.</summary>
    public void Land(int jump)
    {
        Set.TryRead(Code, jump, out Instruction instruction);
        int distance = Set.HasUnits && Set.Release < 310 ? 1 : Set.HasUnits ? 2 : 1;
        int from = Jumps.Of(instruction.Op, Set.Release) == JumpKind.Absolute ? 0 : instruction.Next;
        _code[jump + 1] = (byte)((Position - from) / distance);
    }

    public StackFlow? Flow(int stackSize = 20, bool generator = false, params byte[] exceptions) =>
        StackFlow.Analyse(Set, Code, generator, exceptions, stackSize);

    public byte Number(Op op)
    {
        for (int number = 0; number < 256; number++)
        {
            if (Set.Decode((byte)number) == op)
                return (byte)number;
        }

        throw new ArgumentOutOfRangeException(nameof(op), op, "not an instruction of that version");
    }
}
