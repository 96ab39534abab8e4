namespace Kaa.Formats.Elf;

/// <summary>Elf64_Shdr with its name.</summary>
/// <param name="Address">Link-time; 0 where it is not loaded.</param>
/// <param name="Size">In bytes; as stored, so packed where it is compressed. A NoBits section has no bytes in the file.</param>
/// <param name="Link">Index of the section that goes with it: the strings of a symbol table.</param>
public sealed record ElfSection(
    string Name, ElfSectionType Type, ElfSectionFlags Flags, ulong Address, ulong Offset, ulong Size, uint Link)
{
    internal const int HeaderSize = 64;

    public bool IsCompressed => (Flags & ElfSectionFlags.Compressed) != 0;

    /// <summary>False for <c>.bss</c>, and for what a separate debug file only mentions.</summary>
    public bool HasContent => Type is not (ElfSectionType.NoBits or ElfSectionType.Null);
}
