namespace Kaa.Formats.Elf;

/// <summary>Where the dynamic section in memory says the tables are; null where it has no such entry.</summary>
/// <param name="GnuHash">DT_GNU_HASH.</param>
/// <param name="Hash">DT_HASH.</param>
/// <param name="Strings">DT_STRTAB.</param>
/// <param name="Symbols">DT_SYMTAB.</param>
/// <param name="Versions">DT_VERSYM.</param>
/// <param name="StringsSize">DT_STRSZ, in bytes.</param>
internal readonly record struct ElfDynamic(
    Address? GnuHash, Address? Hash, Address? Strings, Address? Symbols, Address? Versions, ulong StringsSize)
{
    private const int EntrySize = 16;

    /// <summary>DT_JMPREL: relocations of the PLT's slots, Elf64_Rela.</summary>
    public Address? JumpRelocations { get; init; }

    /// <summary>DT_PLTRELSZ, in bytes.</summary>
    public ulong JumpRelocationsSize { get; init; }

    /// <summary>DT_RELA.</summary>
    public Address? Relocations { get; init; }

    /// <summary>DT_RELASZ, in bytes.</summary>
    public ulong RelocationsSize { get; init; }

    /// <summary>
    /// Reads the entries up to DT_NULL. glibc adds the load bias to those that are addresses (elf_get_dynamic_info, elf/get-dynamic-info.h);
    /// musl does not, nor does anyone for the vdso, whose section is read-only, or before the loader came to this module. Which it is
    /// shows by whether the value as it stands lies inside the image.
    /// </summary>
    /// <exception cref="TargetFault">The section can't be read.</exception>
    /// <exception cref="BadData">No end within <see cref="Limits.ElfDynamicEntries"/>.</exception>
    public static ElfDynamic Read(IMemory memory, ElfSegment section, Func<ulong, Address?> resolve)
    {
        var dynamic = default(ElfDynamic);
        Span<byte> entry = stackalloc byte[EntrySize];
        int count = (int)Math.Min(section.MemorySize / EntrySize, Limits.ElfDynamicEntries);
        for (int i = 0; i < count; i++)
        {
            memory.ReadExactly(section.Start + (i * EntrySize), entry);
            ReadOnlySpan<byte> read = entry;
            ulong tag = read.PointerAt(0);
            if (tag == 0)
                return dynamic;
            dynamic = dynamic.With(tag, read.PointerAt(8), resolve);
        }

        throw new BadData("ELF", section.FileOffset, "the dynamic section has no end");
    }

    private ElfDynamic With(ulong tag, ulong value, Func<ulong, Address?> resolve) => tag switch
    {
        2 => this with { JumpRelocationsSize = value },
        4 => this with { Hash = resolve(value) },
        5 => this with { Strings = resolve(value) },
        6 => this with { Symbols = resolve(value) },
        7 => this with { Relocations = resolve(value) },
        8 => this with { RelocationsSize = value },
        10 => this with { StringsSize = value },
        23 => this with { JumpRelocations = resolve(value) },
        0x6ffffef5 => this with { GnuHash = resolve(value) },
        0x6ffffff0 => this with { Versions = resolve(value) },
        _ => this,
    };
}
