using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Debugging.Memory;

/// <summary>One instruction.</summary>
/// <param name="Text">As gdb writes it, with the symbol that it leads to.</param>
public readonly record struct DisassembledInstruction(Address Address, byte[] Bytes, string Text)
{
    public Address Next => Address + Bytes.Length;
}

/// <summary>Machine code as text: AT&amp;T's syntax as gdb writes it, or Intel's.</summary>
public sealed class Disassembly
{
    private const int LongestInstruction = 15;

    private readonly IMemory _memory;
    private readonly Formatter _formatter;
    private readonly GnuSpelling _spelling;

    /// <param name="describe">The symbol at an address; null where there is none.</param>
    public Disassembly(IMemory memory, Func<Address, string?> describe, bool intel)
    {
        _memory = memory;
        _formatter = intel ? new IntelFormatter() : new GasFormatter();
        _spelling = new GnuSpelling(describe, intel);
        GnuSpelling.Set(_formatter.Options, intel);
    }

    /// <summary>Instructions from an address on, until they are no longer wanted or memory ends.</summary>
    /// <exception cref="TargetFault">Not even the first byte can be read.</exception>
    public IEnumerable<DisassembledInstruction> From(Address start)
    {
        byte[] buffer = new byte[LongestInstruction];
        for (Address at = start; ;)
        {
            int got = _memory.Read(at, buffer);
            if (got == 0)
                throw TargetFault.Unmapped(at, 1);
            DisassembledInstruction one = Decode(at, buffer.AsSpan(0, got).ToArray());
            yield return one;
            at = one.Next;
        }
    }

    private DisassembledInstruction Decode(Address at, byte[] bytes)
    {
        var decoder = Decoder.Create(64, bytes, at.Value, DecoderOptions.None);
        decoder.Decode(out Instruction instruction);
        if (instruction.IsInvalid)
            return new DisassembledInstruction(at, bytes[..1], "(bad)");
        var output = new StringOutput();
        _formatter.Format(instruction, output);
        return new DisassembledInstruction(at, bytes[..instruction.Length], _spelling.Of(instruction, output.ToStringAndReset(), bytes.AsSpan(0, instruction.Length)));
    }
}
