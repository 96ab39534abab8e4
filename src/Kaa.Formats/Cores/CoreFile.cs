using System.Buffers.Binary;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Cores;

/// <summary>
/// A core file: headers and notes at once, memory when it is asked for. May be cut anywhere behind its program headers. Not safe for
/// two threads at once.
/// </summary>
public sealed class CoreFile : IDisposable
{
    private readonly ElfSource _source;

    private CoreFile(ElfSource source)
    {
        _source = source;
        Header = ElfHeader.Parse(source.ReadBytes(0, Math.Min(ElfHeader.Size, (ulong)source.Length)));
        if (Header.Type != ElfType.Core)
            throw new BadData("core", 16, "the file's type is not ET_CORE");
        ProgramHeaders = ReadProgramHeaders();
        Notes = new CoreNoteReader(source).Read(ProgramHeaders);
    }

    public ElfHeader Header { get; }

    public IReadOnlyList<ElfProgramHeader> ProgramHeaders { get; }

    public CoreNotes Notes { get; }

    /// <summary>Bytes of the file.</summary>
    public ulong Length => (ulong)_source.Length;

    /// <summary>Bytes that its headers promise beyond its end: 0 for a whole file.</summary>
    public ulong MissingBytes
    {
        get
        {
            ulong end = 0;
            foreach (ElfProgramHeader header in ProgramHeaders)
                end = Math.Max(end, header.FileSize > ulong.MaxValue - header.Offset ? ulong.MaxValue : header.Offset + header.FileSize);
            return end > Length ? end - Length : 0;
        }
    }

    /// <param name="stream">Seekable; closed with this.</param>
    /// <exception cref="BadData">Not a 64-bit little-endian core, or so short or damaged that its segments can't be known.</exception>
    public static CoreFile Open(Stream stream) => Open(new ElfStreamSource(stream));

    /// <exception cref="BadData">Not a 64-bit little-endian core, or so short or damaged that its segments can't be known.</exception>
    public static CoreFile Open(ReadOnlyMemory<byte> bytes) => Open(new ElfMemorySource(bytes));

    /// <summary>Bytes of the file; fewer at its end.</summary>
    /// <exception cref="BadData">The file system can't read it.</exception>
    public int Read(ulong offset, Span<byte> buffer) => offset >= Length ? 0 : _source.Read((long)offset, buffer);

    /// <exception cref="BadData">It does not lie in the file, or is larger than <see cref="Limits.CoreNote"/>.</exception>
    public byte[] ReadNote(CoreVendorNote note) => note.Size <= Limits.CoreNote
        ? _source.ReadBytes(note.Offset, note.Size)
        : throw new BadData("core", note.Offset, $"a note of more than {Limits.CoreNote} bytes");

    public void Dispose() => _source.Dispose();

    private static CoreFile Open(ElfSource source)
    {
        try
        {
            return new CoreFile(source);
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
        if (count == ElfHeader.ManyProgramHeaders && Header.SectionHeaderOffset != 0)
        {
            ReadOnlySpan<byte> first = _source.ReadBytes(Header.SectionHeaderOffset, ElfSection.HeaderSize);
            count = BinaryPrimitives.ReadUInt32LittleEndian(first[44..]);
        }

        if (count > Limits.Mappings)
            throw new BadData("core", 56, $"more than {Limits.Mappings} program headers");
        return ElfProgramHeader.ParseAll(_source.ReadBytes(Header.ProgramHeaderOffset, count * ElfProgramHeader.Size));
    }
}
