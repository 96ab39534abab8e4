using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary>The files of one module, opened when they are wanted and only where they are proved to be of the build that runs.</summary>
internal sealed class ModuleFiles(Module module, ElfImage? image, IMemory memory, ITargetFiles files) : IDisposable
{
    /// <summary>Where distributions put debug files by build-id (gdb manual, "Separate Debug Files").</summary>
    private const string BuildIdDirectory = "/usr/lib/debug/.build-id/";

    /// <summary>What is compared where there is no build-id: the headers and what follows on their page.</summary>
    private const int ComparedLength = 4_096;

    private bool _mappedSought;
    private bool _debugSought;

    public ElfFile? Mapped
    {
        get
        {
            if (!_mappedSought)
                field = image is null ? null : Verified(files.OpenMapped(module.Mappings[0]), image);
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
                field = image?.BuildId is { Length: > 1 } id ? FindDebug(id, image) : null;
            _debugSought = true;
            return field;
        }

        private set;
    }

    public void Dispose()
    {
        if (_mappedSought)
            Mapped?.Dispose();
        if (_debugSought)
            Debug?.Dispose();
    }

    private ElfFile? FindDebug(byte[] id, ElfImage loaded)
    {
        string name = Convert.ToHexStringLower(id);
        string path = BuildIdDirectory + name[..2] + "/" + name[2..] + ".debug";
        return Verified(files.OpenRead(path), loaded);
    }

    private ElfFile? Verified(Stream? stream, ElfImage loaded)
    {
        if (stream is null)
            return null;
        ElfFile? file = null;
        try
        {
            file = ElfFile.Open(stream);
            if (IsSameBuild(file, loaded))
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

    private bool IsSameBuild(ElfFile file, ElfImage loaded)
    {
        byte[]? inMemory = loaded.BuildId;
        byte[]? inFile = file.BuildId;
        if (inMemory is not null || inFile is not null)
            return inMemory is not null && inFile is not null && inMemory.AsSpan().SequenceEqual(inFile);
        Span<byte> mapped = stackalloc byte[ComparedLength];
        Span<byte> stored = stackalloc byte[ComparedLength];
        int length = Math.Min(memory.Read(module.Base, mapped), file.Read(0, stored));
        return length >= ElfHeader.Size && mapped[..length].SequenceEqual(stored[..length]);
    }
}
