using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>Elf64_Sym.</summary>
/// <param name="Value">Link-time address; for thread-local ones the offset in the module's TLS block.</param>
/// <param name="Size">In bytes; 0 where not known.</param>
/// <param name="NameOffset">In the string table that goes with the table.</param>
public readonly record struct ElfSymbol(ulong Value, ulong Size, uint NameOffset, byte Info, ushort SectionIndex)
{
    internal const int EntrySize = 24;

    private const ushort Undefined = 0;
    private const ushort AbsoluteIndex = 0xfff1;

    public ElfSymbolType Type => (ElfSymbolType)(Info & 0xf);

    public ElfSymbolBinding Binding => (ElfSymbolBinding)(Info >> 4);

    /// <summary>The low two bits of st_other: who may replace or see it.</summary>
    public ElfVisibility Visibility { get; init; }

    /// <summary>False for a name that another module has to supply.</summary>
    public bool IsDefined => SectionIndex != Undefined;

    /// <summary>The value is a number and does not move with the module (SHN_ABS).</summary>
    public bool IsAbsolute => SectionIndex == AbsoluteIndex;

    /// <summary>Function or data that has an address.</summary>
    public bool HasAddress => IsDefined && Type is ElfSymbolType.None or ElfSymbolType.Object or ElfSymbolType.Function or ElfSymbolType.Indirect;

    /// <summary>Reads one; <paramref name="bytes"/> has at least 24 bytes.</summary>
    internal static ElfSymbol Parse(ReadOnlySpan<byte> bytes) => new(
        bytes.PointerAt(8),
        bytes.PointerAt(16),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        bytes[4],
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..])) { Visibility = (ElfVisibility)(bytes[5] & 3) };
}
