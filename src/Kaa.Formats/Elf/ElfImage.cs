namespace Kaa.Formats.Elf;

/// <summary>
/// An ELF file as it lies in memory: what the loader needs is all there, so symbols of <c>.dynsym</c> are found without the file.
/// Reads no more than it must, in small pieces: give it memory that caches pages.
/// </summary>
public sealed class ElfImage
{
    private readonly IMemory _memory;
    private readonly ElfSegment? _dynamicSection;
    private ElfSymbolLookup? _symbols;
    private ElfDynamic? _dynamic;
    private ElfSymbolTable? _dynamicSymbols;
    private ElfPltStubs? _stubs;
    private ElfLinkage? _linkage;
    private bool _buildIdRead;

    private ElfImage(IMemory memory, Address start, ElfHeader header, ElfProgramHeader[] programHeaders)
    {
        _memory = memory;
        Header = header;
        ProgramHeaders = programHeaders;
        Bias = BiasOf(start, programHeaders);
        var segments = new List<ElfSegment>();
        foreach (ElfProgramHeader program in programHeaders)
        {
            if (program.Type == ElfSegmentType.Load)
                segments.Add(Place(program));
            else if (program.Type == ElfSegmentType.Dynamic)
                _dynamicSection = Place(program);
        }

        Segments = segments;
    }

    public ElfHeader Header { get; }

    /// <summary>At link-time addresses.</summary>
    public IReadOnlyList<ElfProgramHeader> ProgramHeaders { get; }

    /// <summary>What is added, modulo 2⁶⁴, to a link-time address to get the one in memory; 0 for an executable that is not PIE.</summary>
    public ulong Bias { get; }

    /// <summary>The PT_LOAD segments in order of address.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>From its PT_NOTE segments; null where it has none or they can't be read.</summary>
    public byte[]? BuildId
    {
        get
        {
            if (!_buildIdRead)
                field = ReadBuildId();
            _buildIdRead = true;
            return field;
        }
    }

    /// <summary>Reads the image whose ELF header lies at <paramref name="start"/>.</summary>
    /// <exception cref="BadData">It is not a 64-bit little-endian ELF image, or its headers make no sense.</exception>
    /// <exception cref="TargetFault">The headers can't be read.</exception>
    public static ElfImage FromMemory(IMemory memory, Address start)
    {
        byte[] bytes = new byte[ElfHeader.Size];
        int got = memory.Read(start, bytes);
        ElfHeader header = ElfHeader.Parse(bytes.AsSpan(0, got));
        int count = header.ProgramHeaderCount;
        if (count == 0 || count > Limits.ElfProgramHeaders)
            throw new BadData("ELF", 56, $"1 to {Limits.ElfProgramHeaders} program headers");
        byte[] programs = new byte[count * ElfProgramHeader.Size];
        memory.ReadExactly(start + header.ProgramHeaderOffset, programs);
        return new ElfImage(memory, start, header, ElfProgramHeader.ParseAll(programs));
    }

    /// <summary>A name that this module defines, by its hash table; null where it defines none such.</summary>
    /// <exception cref="BadData">The tables make no sense.</exception>
    /// <exception cref="TargetFault">The tables can't be read.</exception>
    public ElfSymbol? FindSymbol(ReadOnlySpan<byte> name) => Symbols().Find(name);

    /// <summary>All of <c>.dynsym</c>; empty where there is none, or nothing tells how long it is.</summary>
    /// <exception cref="BadData">The tables make no sense, or (where that is met later) can't be read.</exception>
    /// <exception cref="TargetFault">The tables can't be read.</exception>
    public ElfSymbolTable DynamicSymbols => _dynamicSymbols ??= ElfDynamicSymbols.Open(_memory, Dynamic);

    /// <summary>What its dynamic section says of linking; null in a static program, which has none.</summary>
    /// <exception cref="BadData">The section has no end.</exception>
    /// <exception cref="TargetFault">The section can't be read.</exception>
    public ElfLinkage? Linkage => _linkage ??= _dynamicSection is { } section ? ElfLinkage.Read(_memory, section, Resolve) : null;

    /// <summary>The function that a PLT stub at an address in memory jumps to; null where no stub lies there.</summary>
    /// <exception cref="BadData">The tables make no sense, or can't be read.</exception>
    /// <exception cref="TargetFault">The tables can't be read.</exception>
    public string? FindStub(Address address) => (_stubs ??= new ElfPltStubs(_memory, Dynamic, Bias, DynamicSymbols)).NameAt(address);

    /// <summary>Where a link-time address lies in memory.</summary>
    public Address At(ulong linkAddress) => new(unchecked(linkAddress + Bias));

    public Address AddressOf(ElfSymbol symbol) => symbol.IsAbsolute ? new Address(symbol.Value) : At(symbol.Value);

    /// <summary>True for addresses in one of the loaded segments.</summary>
    public bool Contains(Address address)
    {
        foreach (ElfSegment segment in Segments)
        {
            if (segment.Contains(address))
                return true;
        }

        return false;
    }

    // The ELF header is at offset 0 of the file: the segment that holds that offset tells where it was meant to be.
    private static ulong BiasOf(Address start, ElfProgramHeader[] headers)
    {
        foreach (ElfProgramHeader header in headers)
        {
            ulong page = header.Offset & 0xfff;
            if (header.Type == ElfSegmentType.Load && header.Offset == page)
                return unchecked(start.Value - (header.VirtualAddress - header.Offset));
        }

        throw new BadData("ELF", 32, "no segment holds the ELF header");
    }

    private ElfDynamic Dynamic => _dynamic ??= _dynamicSection is { } section ? ElfDynamic.Read(_memory, section, Resolve) : default;

    private ElfSymbolLookup Symbols() => _symbols ??= new ElfSymbolLookup(_memory, Dynamic);

    private Address? Resolve(ulong pointer)
    {
        var absolute = new Address(pointer);
        if (Contains(absolute))
            return absolute;
        Address relative = At(pointer);
        return Contains(relative) ? relative : null;
    }

    private ElfSegment Place(ElfProgramHeader program) =>
        new(At(program.VirtualAddress), program.FileSize, program.MemorySize, program.Offset, program.Flags);

    private byte[]? ReadBuildId()
    {
        foreach (ElfProgramHeader header in ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.Note || header.FileSize > Limits.ElfNoteSegment)
                continue;
            byte[] notes = new byte[(int)header.FileSize];
            int got = _memory.Read(At(header.VirtualAddress), notes);
            if (ElfNotes.FindBuildId(notes.AsSpan(0, got), (int)Math.Min(header.Alignment, 8)) is { } id)
                return id;
        }

        return null;
    }
}
