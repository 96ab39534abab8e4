using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;

namespace Kaa.Target.Cores;

internal enum MappedFileState
{
    /// <summary>Nobody has asked for it yet.</summary>
    Unsought,

    /// <summary>It is the build that ran, by its build-id or its whole first page.</summary>
    Proved,

    /// <summary>Its name and layout agree; the core holds nothing that would prove more.</summary>
    Unproved,

    /// <summary>No such file, or none that may be read.</summary>
    Missing,

    /// <summary>What is here under its name is another build.</summary>
    OtherBuild,

    /// <summary>Data that was mapped, not a program or library: another content may be in it by now.</summary>
    NotProgram,
}

/// <summary>One program or library as the process had it mapped, and its file, opened when it is first asked for.</summary>
/// <param name="path">As the process saw it, without <c> (deleted)</c>.</param>
/// <param name="mappings">In order of address; the first one is of the file's beginning where it is a program.</param>
internal sealed class MappedFile(string path, bool deleted, IReadOnlyList<CoreFileMapping> mappings, IMemory dumped, FileSearch search) : IDisposable
{
    private const ulong PageMask = 0xfff;

    private ElfFile? _file;
    private bool _imageRead;

    public string Path { get; } = path;

    public bool Deleted { get; } = deleted;

    public IReadOnlyList<CoreFileMapping> Mappings { get; } = mappings;

    public Address Base => Mappings[0].Start;

    public MappedFileState State { get; private set; }

    /// <summary>Its content was asked for, not only its headers.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>Where the file was found on this machine; null where it was not.</summary>
    public string? HostPath { get; private set; }

    /// <summary>Its headers as the core has them; null where the core lacks that page, or it is no program.</summary>
    public ElfImage? Image
    {
        get
        {
            if (!_imageRead)
                field = ReadImage();
            _imageRead = true;
            return field;
        }

        private set;
    }

    /// <summary>The file, where it can be used.</summary>
    public ElfFile? File
    {
        get
        {
            if (State == MappedFileState.Unsought)
                Seek();
            return _file;
        }
    }

    /// <summary>Its PT_LOAD segments where they were in memory, by the core or by the file; empty where neither tells.</summary>
    public IReadOnlyList<ElfSegment> Segments => Image?.Segments ?? (File is { } file ? Place(file) : []);

    /// <summary>What was in memory at an address, taken from the file.</summary>
    /// <param name="wasWritten">False where it is known that the program never wrote there.</param>
    public int Read(Address address, Span<byte> buffer, bool wasWritten)
    {
        IsWanted = true;
        if (SegmentAt(address) is not { } segment || (wasWritten && segment.Flags.HasFlag(ElfSegmentFlags.Write)) || File is not { } file)
            return 0;
        ulong inFile = unchecked(segment.FileOffset + (ulong)(address - segment.Start));
        ulong rest = EndInFile(segment) - address.Value;
        try
        {
            return inFile > long.MaxValue ? 0 : file.Read((long)inFile, buffer[..(int)Math.Min((ulong)buffer.Length, rest)]);
        }
        catch (BadData)
        {
            return 0;
        }
    }

    /// <summary>A second stream on the file; null where it can't be used.</summary>
    public Stream? Reopen()
    {
        IsWanted = true;
        return File is not null && HostPath is { } host ? RootedFiles.Open(host) : null;
    }

    public void Dispose() => _file?.Dispose();

    private ElfSegment? SegmentAt(Address address)
    {
        foreach (ElfSegment segment in Segments)
        {
            // The loader maps whole pages; what shares them with the segment is there too.
            if (segment.FileSize > 0 && address.Value >= (segment.Start.Value & ~PageMask) && address.Value < EndInFile(segment))
                return segment;
        }

        return null;
    }

    private static ulong EndInFile(ElfSegment segment) => unchecked(segment.Start.Value + segment.FileSize + PageMask) & ~PageMask;

    private ElfImage? ReadImage()
    {
        if (Mappings[0].Offset != 0)
            return null;
        try
        {
            return ElfImage.FromMemory(dumped, Base);
        }
        catch (Exception exception) when (exception is BadData or TargetFault)
        {
            return null;
        }
    }

    private void Seek()
    {
        State = MappedFileState.Missing;
        if (Mappings[0].Offset != 0 || IsOtherData())
        {
            State = MappedFileState.NotProgram;
            return;
        }

        foreach (string host in search.Places(this))
        {
            if (RootedFiles.Open(host) is { } stream && Try(stream, host, search.IsExact(host)))
                return;
        }
    }

    /// <summary>The core has its first bytes, and they are not those of a program.</summary>
    private bool IsOtherData()
    {
        Span<byte> start = stackalloc byte[ElfIdentity.Length];
        return dumped.Read(Base, start) == start.Length && ElfIdentity.Of(start).Verdict != ElfVerdict.Supported;
    }

    private bool Try(FileStream stream, string host, bool isExact)
    {
        ElfFile? file = null;
        try
        {
            file = ElfFile.Open(stream);
            MappedFileState verdict = Judge(file);
            if (verdict == MappedFileState.Proved || (verdict == MappedFileState.Unproved && isExact && !Deleted))
            {
                (_file, HostPath, State) = (file, host, verdict);
                return true;
            }

            // A file elsewhere of the same name was only tried: that it is another one means nothing.
            if (isExact)
                (HostPath, State) = (host, MappedFileState.OtherBuild);
        }
        catch (BadData)
        {
            if (isExact && Image is null)
                State = MappedFileState.NotProgram;
        }

        file?.Dispose();
        stream.Dispose();
        return false;
    }

    private MappedFileState Judge(ElfFile file)
    {
        if (Image is not { } image)
            return HasLayoutOf(file) ? MappedFileState.Unproved : MappedFileState.OtherBuild;
        if (image.BuildId is { } id)
            return id.AsSpan().SequenceEqual(file.BuildId) ? MappedFileState.Proved : MappedFileState.OtherBuild;
        Span<byte> mapped = stackalloc byte[PageCache.PageSize];
        Span<byte> stored = stackalloc byte[PageCache.PageSize];
        int length = Math.Min(dumped.Read(Base, mapped), file.Read(0, stored));
        return length >= ElfHeader.Size && mapped[..length].SequenceEqual(stored[..length]) ? MappedFileState.Proved : MappedFileState.OtherBuild;
    }

    /// <summary>Each mapping is where the file's headers would have put it, and each segment of the file is mapped.</summary>
    private bool HasLayoutOf(ElfFile file)
    {
        List<ElfSegment> segments = Place(file);
        foreach (CoreFileMapping mapping in Mappings)
        {
            if (!segments.Exists(segment => Agrees(segment, mapping)))
                return false;
        }

        foreach (ElfSegment segment in segments)
        {
            if (segment.FileSize > 0 && !Mappings.Any(mapping => Agrees(segment, mapping)))
                return false;
        }

        return segments.Count > 0;
    }

    private static bool Agrees(ElfSegment segment, CoreFileMapping mapping) =>
        mapping.Start.Value >= (segment.Start.Value & ~PageMask) && mapping.End.Value <= EndInFile(segment)
        && unchecked(mapping.Offset - (segment.FileOffset & ~PageMask)) == mapping.Start.Value - (segment.Start.Value & ~PageMask);

    private List<ElfSegment> Place(ElfFile file)
    {
        var segments = new List<ElfSegment>();
        ulong? bias = null;
        foreach (ElfProgramHeader header in file.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.Load)
                continue;
            bias ??= unchecked(Base.Value - ((header.VirtualAddress - header.Offset) & ~PageMask));
            segments.Add(new ElfSegment(
                new Address(unchecked(header.VirtualAddress + bias.Value)), header.FileSize, header.MemorySize, header.Offset, header.Flags));
        }

        return segments;
    }
}
