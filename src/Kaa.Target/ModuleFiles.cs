using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary>The files of one module, opened when they are wanted and only where they are proved to be of the build that runs.</summary>
internal sealed class ModuleFiles(Module module, ElfImage? image, IMemory memory, ITargetFiles files, DebugFileSearch search) : IDisposable
{
    /// <summary>What is compared where there is no build-id: the headers and what follows on their page.</summary>
    private const int ComparedLength = 4_096;

    private readonly List<ElfFile> _opened = [];
    private readonly DebugFileFinder _finder = new(files, search);
    private string? _debugPath;
    private bool _mappedSought;
    private bool _debugSought;
    private bool _infoSought;
    private bool _miniSought;

    public ElfFile? Mapped
    {
        get
        {
            if (!_mappedSought)
                field = image is null ? null : Keep(Open(files.OpenMapped(module.Mappings[0]), IsSameBuild));
            _mappedSought = true;
            return field;
        }

        private set;
    }

    public ElfFile? Debug
    {
        get
        {
            if (!_debugSought)
                field = image is null ? null : FindDebug();
            _debugSought = true;
            return field;
        }

        private set;
    }

    public DebugInfo? Info
    {
        get
        {
            if (!_infoSought)
                field = InfoOf(Mapped, module.Path) ?? InfoOf(Debug, _debugPath);
            _infoSought = true;
            return field;
        }

        private set;
    }

    /// <summary>What <c>.gnu_debugdata</c> holds: a small ELF file with the symbols that <c>.dynsym</c> lacks; null where there is none.</summary>
    public ElfFile? Mini
    {
        get
        {
            if (!_miniSought)
                field = Keep(MiniDebugInfo.Open(Mapped));
            _miniSought = true;
            return field;
        }

        private set;
    }

    /// <summary>Debug files that were found and are of another build.</summary>
    public IReadOnlyList<string> Rejected => _finder.Rejected;

    public void Dispose()
    {
        foreach (ElfFile file in _opened)
            file.Dispose();
        _opened.Clear();
    }

    private static ElfFile? Open(Stream? stream, Func<ElfFile, bool> isRight)
    {
        if (stream is null)
            return null;
        ElfFile? file = null;
        try
        {
            file = ElfFile.Open(stream);
            if (isRight(file))
                return file;
        }
        catch (BadData)
        {
            // Another file, or half of one: as if there were none.
        }

        file?.Dispose();
        stream.Dispose();
        return null;
    }

    private ElfFile? FindDebug()
    {
        if (_finder.Find(module, image!.BuildId, LinkOf(Mapped)) is not { } found)
            return null;
        _debugPath = found.Path;
        return Keep(found.File);
    }

    private DebugInfo? InfoOf(ElfFile? file, string? path)
    {
        try
        {
            bool hasInfo = (file?.FindSection(".debug_info") ?? file?.FindSection(".zdebug_info")) is { HasContent: true };
            if (!hasInfo)
                return null;
            ElfFile? alt = file!.DebugAltLink is { } link ? Keep(_finder.FindAlt(link, path)) : null;
            return new DebugInfo(file, alt);
        }
        catch (BadData)
        {
            return null;
        }
    }

    private static (string FileName, uint Crc)? LinkOf(ElfFile? file)
    {
        try
        {
            return file?.DebugLink;
        }
        catch (BadData)
        {
            return null;
        }
    }

    private bool IsSameBuild(ElfFile file)
    {
        byte[]? inMemory = image!.BuildId;
        byte[]? inFile = file.BuildId;
        if (inMemory is not null || inFile is not null)
            return inMemory is not null && inFile is not null && inMemory.AsSpan().SequenceEqual(inFile);
        Span<byte> mapped = stackalloc byte[ComparedLength];
        Span<byte> stored = stackalloc byte[ComparedLength];
        int length = Math.Min(memory.Read(module.Base, mapped), file.Read(0, stored));
        return length >= ElfHeader.Size && mapped[..length].SequenceEqual(stored[..length]);
    }

    private ElfFile? Keep(ElfFile? file)
    {
        if (file is not null)
            _opened.Add(file);
        return file;
    }
}
