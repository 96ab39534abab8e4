using System.Globalization;
using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Debugging.Memory;

/// <summary>Where GNU's disassembler (binutils, opcodes/i386-dis.c) writes an instruction in another way than Iced does.</summary>
internal sealed class GnuSpelling(Func<Address, string?> describe, bool intel)
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
        options.ShowZeroDisplacements = true;
        options.SpaceAfterOperandSeparator = false;
        options.SignedImmediateOperands = false;
        options.GasShowMnemonicSizeSuffix = false;
        options.GasNakedRegisters = false;
        options.ScaleBeforeIndex = false;
        options.AlwaysShowScale = !intel;
        options.UppercaseKeywords = intel;
        options.MemorySizeOptions = intel ? MemorySizeOptions.Always : MemorySizeOptions.Default;
    }

    public string Of(in Instruction instruction, string text, ReadOnlySpan<byte> bytes)
    {
        text = text.TrimEnd();
        if (!intel)
            text = Att(instruction, text, bytes);
        if (instruction.IsIPRelativeMemoryOperand)
            return text + "        # " + Named(new Address(instruction.IPRelativeMemoryAddress));
        return IsNear(instruction) ? text + Symbol(new Address(instruction.NearBranchTarget)) : text;
    }

    private static string Att(in Instruction instruction, string text, ReadOnlySpan<byte> bytes)
    {
        // A base alone has no scale there.
        text = text.Replace(",)", ")", StringComparison.Ordinal);
        foreach (string mnemonic in (ReadOnlySpan<string>)["call", "jmp", "ret", "push", "pop", "leave"])
        {
            // callq and the like are of old: 64 bits are what there is.
            if (text.Length > mnemonic.Length && text.StartsWith(mnemonic, StringComparison.Ordinal) && text[mnemonic.Length] == 'q')
                text = text.Length == mnemonic.Length + 1 ? mnemonic : mnemonic.PadRight(OperandColumn) + text[(mnemonic.Length + 1)..].TrimStart();
        }

        if (instruction.IsStringInstruction)
            text = OfString(text);
        int opcode = OpcodeIn(bytes);

        // Shifts by one have an opcode of their own (d0, d1), and no count.
        if (opcode < bytes.Length && bytes[opcode] is 0xd0 or 0xd1 && instruction.OpCount == 2)
            text = text.Replace("$0x1,", "", StringComparison.Ordinal);
        string prefixes = instruction.Mnemonic == Mnemonic.Nop && opcode > 0 ? Prefixes(bytes[..opcode]) : "";

        // Behind prefixes there is no column to keep to.
        return prefixes.Length == 0 ? text : prefixes + string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>What is moved from and to is written with its segment, and what is clear by an operand without its size.</summary>
    private static string OfString(string text)
    {
        foreach (string mnemonic in (ReadOnlySpan<string>)["stos", "lods", "scas"])
        {
            int at = text.IndexOf(mnemonic, StringComparison.Ordinal);
            if (at >= 0 && at + mnemonic.Length < text.Length && text[at + mnemonic.Length] is 'b' or 'w' or 'l' or 'q')
                text = at == 0 ? mnemonic.PadRight(OperandColumn) + text[(mnemonic.Length + 1)..].TrimStart() : text.Remove(at + mnemonic.Length, 1);
        }

        return text.Replace("(%rsi)", "%ds:(%rsi)", StringComparison.Ordinal).Replace("(%rdi)", "%es:(%rdi)", StringComparison.Ordinal);
    }

    /// <summary>Prefixes that lengthen a nop and mean nothing, as they are written in front of it.</summary>
    private static string Prefixes(ReadOnlySpan<byte> bytes)
    {
        string text = "";
        int sizes = 0;
        foreach (byte prefix in bytes)
        {
            sizes += prefix == 0x66 ? 1 : 0;
            text += prefix == 0x2e ? "cs " : "";
        }

        // One of them is the operand's size: nopw.
        return string.Concat(Enumerable.Repeat("data16 ", Math.Max(0, sizes - 1))) + text;
    }

    /// <summary>Where the opcode begins, behind the prefixes (Intel's manual, volume 2, 2.1.1).</summary>
    private static int OpcodeIn(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && bytes[at] is 0x66 or 0x67 or 0xf0 or 0xf2 or 0xf3 or 0x2e or 0x36 or 0x3e or 0x26 or 0x64 or 0x65)
            at++;
        return at < bytes.Length && (bytes[at] & 0xf0) == 0x40 ? at + 1 : at;
    }

    private static bool IsNear(in Instruction instruction) =>
        instruction.OpCount > 0 && instruction.Op0Kind is OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64;

    private string Named(Address address) => "0x" + address.Value.ToString("x", CultureInfo.InvariantCulture) + Symbol(address);

    private string Symbol(Address address) => describe(address) is { } name ? $" <{SessionText.Data(name)}>" : "";
}
