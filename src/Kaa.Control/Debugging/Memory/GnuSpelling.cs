using System.Globalization;
using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Debugging.Memory;

/// <summary>Where GNU's disassembler (binutils, opcodes/i386-dis.c) writes an instruction in another way than Iced does.</summary>
internal sealed class GnuSpelling(Func<Address, string?> describe)
{
    /// <summary>Operands begin in this column.</summary>
    private const int OperandColumn = 7;

    public static void Set(FormatterOptions options, bool intel)
    {
        options.FirstOperandCharIndex = OperandColumn;
        options.HexPrefix = "0x";
        options.HexSuffix = "";
        options.UppercaseHex = false;
        options.SmallHexNumbersInDecimal = false;
        options.BranchLeadingZeros = false;
        options.LeadingZeros = false;
        options.DisplacementLeadingZeros = false;
        options.ShowBranchSize = false;
        options.RipRelativeAddresses = true;
        options.ShowZeroDisplacements = false;
        options.SpaceAfterOperandSeparator = false;
        options.SignedImmediateOperands = false;
        options.GasShowMnemonicSizeSuffix = false;
        options.GasNakedRegisters = false;
        options.ScaleBeforeIndex = false;
        options.AlwaysShowScale = true;
        options.MemorySizeOptions = intel ? MemorySizeOptions.Always : MemorySizeOptions.Default;
    }

    public string Of(in Instruction instruction, string text, ReadOnlySpan<byte> bytes)
    {
        text = text.TrimEnd();
        if (instruction.IsIPRelativeMemoryOperand)
            return text + "        # " + Named(new Address(instruction.IPRelativeMemoryAddress));
        if (IsNear(instruction) && !instruction.NearBranchTarget.Equals(0ul))
            return text + Symbol(new Address(instruction.NearBranchTarget));
        return text;
    }

    private static bool IsNear(in Instruction instruction) =>
        instruction.OpCount > 0 && instruction.Op0Kind is OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64;

    private string Named(Address address) => "0x" + address.Value.ToString("x", CultureInfo.InvariantCulture) + Symbol(address);

    private string Symbol(Address address) => describe(address) is { } name ? $" <{name}>" : "";
}
