using System.Buffers.Binary;
using System.Globalization;

namespace Kaa.Formats.Elf;

/// <summary>What the first bytes of a file or mapping say it is.</summary>
public enum ElfVerdict
{
    /// <summary>64 bits, little-endian, of the architecture that was asked for.</summary>
    Supported,
    NotElf,
    Elf32,
    BigEndian,
    ForeignArchitecture,
}

/// <param name="Machine">e_machine; 0 where it is no ELF file.</param>
public readonly record struct ElfIdentity(ElfVerdict Verdict, ElfMachine Machine)
{
    /// <summary>How much of a file <see cref="Of"/> wants to see.</summary>
    public const int Length = 20;

    /// <summary>As <c>uname -m</c> would call it.</summary>
    public string MachineName => Machine switch
    {
        ElfMachine.I386 => "i386",
        ElfMachine.Mips => "mips",
        ElfMachine.Ppc64 => "ppc64",
        ElfMachine.S390 => "s390x",
        ElfMachine.Arm => "arm",
        ElfMachine.X86_64 => Verdict == ElfVerdict.Elf32 ? "x32" : "x86_64",
        ElfMachine.AArch64 => "aarch64",
        ElfMachine.RiscV => "riscv",
        ElfMachine.LoongArch => "loongarch",
        _ => "machine " + ((int)Machine).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Judges the first bytes; fewer than <see cref="Length"/> are no ELF file.</summary>
    public static ElfIdentity Of(ReadOnlySpan<byte> start, ElfMachine wanted = ElfMachine.X86_64)
    {
        if (start.Length < Length || !start.StartsWith("\x7f"u8) || !start[1..].StartsWith("ELF"u8))
            return new ElfIdentity(ElfVerdict.NotElf, 0);

        // e_ident[EI_CLASS] = 4: 1 is 32 bits, 2 is 64. e_ident[EI_DATA] = 5: 1 is little-endian, 2 big.
        bool bigEndian = start[5] == 2;
        ReadOnlySpan<byte> machineBytes = start[18..];
        var machine = (ElfMachine)(bigEndian
            ? BinaryPrimitives.ReadUInt16BigEndian(machineBytes)
            : BinaryPrimitives.ReadUInt16LittleEndian(machineBytes));
        return (start[4], start[5]) switch
        {
            (1, 1 or 2) => new ElfIdentity(ElfVerdict.Elf32, machine),
            (2, 2) => new ElfIdentity(ElfVerdict.BigEndian, machine),
            (2, 1) => new ElfIdentity(machine == wanted ? ElfVerdict.Supported : ElfVerdict.ForeignArchitecture, machine),
            _ => new ElfIdentity(ElfVerdict.NotElf, 0),
        };
    }
}
