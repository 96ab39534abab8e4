using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>
/// An ELF file: headers at once, everything else when it is asked for, and never more of it than that needs. Not safe for two threads at once.
/// </summary>
public sealed class ElfFile : IDisposable
{
    private readonly ElfSource _source;
    private readonly List<(ElfSection Section, ElfPackedSource Content)> _packed = [];
    private ElfSection[]? _sections;
    private bool _buildIdRead;

    private ElfFile(ElfSource source)
    {
        _source = source;
        Header = ElfHeader.Parse(source.ReadBytes(0, Math.Min(ElfHeader.Size, (ulong)source.Length)));
        ProgramHeaders = ReadProgramHeaders();
    }

    public ElfHeader Header { get; }

    public IReadOnlyList<ElfProgramHeader> ProgramHeaders { get; }

    /// <summary>Empty where the section headers were stripped.</summary>
    /// <exception cref="BadData">The section headers make no sense.</exception>
    public IReadOnlyList<ElfSection> Sections => _sections ??= ElfSections.Read(_source, Header);

    /// <summary>Null where it has none.</summary>
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

    /// <param name="stream">Seekable; closed with this.</param>
    /// <exception cref="BadData">Not a 64-bit little-endian ELF file, or its headers make no sense.</exception>
    public static ElfFile Open(Stream stream) => Open(new ElfStreamSource(stream));

    /// <exception cref="BadData">Not a 64-bit little-endian ELF file, or its headers make no sense.</exception>
    public static ElfFile Open(ReadOnlyMemory<byte> bytes) => Open(new ElfMemorySource(bytes));

    /// <summary>The first section of that name; null where there is none.</summary>
    public ElfSection? FindSection(string name)
    {
        foreach (ElfSection section in Sections)
        {
            if (section.Name == name)
                return section;
        }

        return null;
    }

    /// <summary>The bytes of a section, inflated where it is compressed.</summary>
    /// <exception cref="BadData">It does not lie in the file, or is compressed in an unknown or broken way.</exception>
    public byte[] ReadSection(ElfSection section)
    {
        ElfRange content = Range(section);
        return content.Length <= Limits.ElfSection
            ? content.ReadBytes(0, content.Length)
            : throw new BadData("ELF", section.Offset, $"{section.Name} is larger than {Limits.ElfSection} bytes");
    }

    /// <summary>Bytes of the file as they are; a read beyond its end is short.</summary>
    public int Read(long offset, Span<byte> buffer) => _source.Read(offset, buffer);

    /// <summary>The symbols of <c>.symtab</c>; null where they were stripped.</summary>
    public ElfSymbolTable? Symbols => field ??= Table(ElfSectionType.SymbolTable);

    /// <summary>The symbols of <c>.dynsym</c>; null in a static executable.</summary>
    public ElfSymbolTable? DynamicSymbols => field ??= Table(ElfSectionType.DynamicSymbols);

    /// <summary>A defined symbol by name, from <c>.symtab</c> and else <c>.dynsym</c>.</summary>
    public ElfSymbol? FindSymbol(string name) => Symbols?.Find(name) ?? DynamicSymbols?.Find(name);

    /// <summary>Name and CRC of the separate debug file (<c>.gnu_debuglink</c>); null where there is none.</summary>
    public (string FileName, uint Crc)? DebugLink =>
        FindSection(".gnu_debuglink") is { HasContent: true } section ? ElfDebugLinks.ParseLink(ReadSection(section)) : null;

    /// <summary>Name and build-id of the supplementary debug file (<c>.gnu_debugaltlink</c>, made by dwz); null where there is none.</summary>
    public (string FileName, byte[] BuildId)? DebugAltLink =>
        FindSection(".gnu_debugaltlink") is { HasContent: true } section ? ElfDebugLinks.ParseAltLink(ReadSection(section)) : null;

    public void Dispose()
    {
        foreach ((_, ElfPackedSource content) in _packed)
            content.Dispose();
        _packed.Clear();
        _source.Dispose();
    }

    /// <summary>The content of a section, read from the file (and inflated, where it is compressed) as far as it is wanted.</summary>
    /// <exception cref="BadData">It does not lie in the file, or is compressed in an unknown way.</exception>
    internal ElfRange Range(ElfSection section)
    {
        ElfRange stored = ElfSectionData.Open(_source, section);
        return ElfSectionData.IsPacked(section) ? ElfSectionData.Whole(Unpacked(stored, section), section) : stored;
    }

    // One for all who ask, so that nothing is inflated twice.
    private ElfPackedSource Unpacked(ElfRange stored, ElfSection section)
    {
        foreach ((ElfSection known, ElfPackedSource content) in _packed)
        {
            if (ReferenceEquals(known, section))
                return content;
        }

        ElfPackedSource opened = ElfSectionData.Unpack(stored, section);
        _packed.Add((section, opened));
        return opened;
    }

    private static ElfFile Open(ElfSource source)
    {
        try
        {
            return new ElfFile(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private ElfProgramHeader[] ReadProgramHeaders()
    {
        ulong count = (ulong)Header.ProgramHeaderCount;
        if (count == 0)
            return [];
        if (count == ElfHeader.ManyProgramHeaders && Header.SectionHeaderOffset != 0)
        {
            ReadOnlySpan<byte> first = _source.ReadBytes(Header.SectionHeaderOffset, ElfSection.HeaderSize);
            count = BinaryPrimitives.ReadUInt32LittleEndian(first[44..]);
        }

        int limit = Header.Type == ElfType.Core ? Limits.Mappings : Limits.ElfProgramHeaders;
        if (count > (ulong)limit)
            throw new BadData("ELF", 56, $"more than {limit} program headers");
        return ElfProgramHeader.ParseAll(_source.ReadBytes(Header.ProgramHeaderOffset, count * ElfProgramHeader.Size));
    }

    private ElfSymbolTable? Table(ElfSectionType type)
    {
        foreach (ElfSection section in Sections)
        {
            if (section.Type == type && section.Link < (uint)Sections.Count)
                return new ElfSymbolTable(Range(section), Range(Sections[(int)section.Link]));
        }

        return null;
    }

    private byte[]? ReadBuildId()
    {
        foreach (ElfProgramHeader program in ProgramHeaders)
        {
            if (program.Type == ElfSegmentType.Note && FindBuildId(program.Offset, program.FileSize, program.Alignment) is { } id)
                return id;
        }

        // A separate debug file may keep only the section.
        return FindSection(".note.gnu.build-id") is { HasContent: true } section ? FindBuildId(section.Offset, section.Size, 4) : null;
    }

    private byte[]? FindBuildId(ulong offset, ulong size, ulong alignment)
    {
        bool readable = size <= Limits.ElfNoteSegment && _source.Holds(offset, size);
        return readable ? ElfNotes.FindBuildId(_source.ReadBytes(offset, size), (int)Math.Min(alignment, 8)) : null;
    }
}
