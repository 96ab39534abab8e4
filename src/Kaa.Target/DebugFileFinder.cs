using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary>
/// Finds the separate debug files of a module: below the directories that the user named, in the target's root, on the host. One that is of
/// another build is never used, and remembered.
/// </summary>
internal sealed class DebugFileFinder(ITargetFiles files, DebugFileSearch search)
{
    private readonly List<string> _rejected = [];

    /// <summary>Files that were there, and are of another build than the module.</summary>
    public IReadOnlyList<string> Rejected => _rejected;

    /// <param name="link">From <c>.gnu_debuglink</c>; null where there is none.</param>
    /// <returns>The file and the path that it has.</returns>
    public (ElfFile File, string Path)? Find(Module module, byte[]? id, (string FileName, uint Crc)? link)
    {
        string? name = link?.FileName;
        foreach (string directory in search.Directories)
        {
            if (First(DebugFilePaths.Below(directory, id, module.Path, name), search.OpenHost, module, id, link) is { } named)
                return named;
        }

        return First(DebugFilePaths.Of(id, module.Path, name), files.OpenRead, module, id, link)
            ?? First(DebugFilePaths.Of(id, module.Path, name), search.OpenHost, module, id, link)
            ?? Asked(id);
    }

    /// <param name="path">Of the file that has the link; null where not known.</param>
    public ElfFile? FindAlt((string FileName, byte[] BuildId) link, string? path)
    {
        foreach (string directory in search.Directories)
        {
            if (First(DebugFilePaths.AltBelow(directory, link), search.OpenHost, null, link.BuildId, null) is { } named)
                return named.File;
        }

        return (First(DebugFilePaths.OfAlt(link, path), files.OpenRead, null, link.BuildId, null)
            ?? First(DebugFilePaths.OfAlt(link, path), search.OpenHost, null, link.BuildId, null)
            ?? Asked(link.BuildId))?.File;
    }

    /// <summary>What a server sends is believed as little as what lies on a disk.</summary>
    private (ElfFile File, string Path)? Asked(byte[]? id)
    {
        if (id is null || search.Ask is not { } ask)
            return null;
        string path = "debuginfod:" + Convert.ToHexStringLower(id);
        return Open(ask(id), path, id, null) is { } file ? (file, path) : null;
    }

    private (ElfFile File, string Path)? First(
        IEnumerable<string> paths, Func<string, Stream?>? open, Module? module, byte[]? id, (string FileName, uint Crc)? link)
    {
        if (open is null)
            return null;
        foreach (string path in paths)
        {
            // The link of a file may lead back to the file itself.
            if (path != module?.Path && Open(open(path), path, id, link?.Crc) is { } file)
                return (file, path);
        }

        return null;
    }

    private ElfFile? Open(Stream? stream, string path, byte[]? id, uint? crc)
    {
        if (stream is null)
            return null;
        ElfFile? file = null;
        try
        {
            file = ElfFile.Open(stream);
            if (IsSame(file, stream, id, crc))
                return file;
            if (!_rejected.Contains(path))
                _rejected.Add(path);
        }
        catch (BadData)
        {
            // No ELF file, or half of one: as if there were none.
        }

        file?.Dispose();
        stream.Dispose();
        return null;
    }

    // The checksum of the link is the proof where there are no build-ids.
    private static bool IsSame(ElfFile file, Stream stream, byte[]? id, uint? crc)
    {
        if (id is not null || file.BuildId is not null)
            return id is not null && id.AsSpan().SequenceEqual(file.BuildId);
        return crc is { } expected && DebugLinkChecksum.Of(stream) == expected;
    }
}
