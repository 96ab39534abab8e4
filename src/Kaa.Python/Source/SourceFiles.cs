using Kaa.Formats;
using Kaa.Formats.Archives;
using Kaa.Target;

namespace Kaa.Python.Source;

/// <summary>Reads source files in the target's own root, also from within zip, pex and egg archives.</summary>
internal sealed class SourceFiles(ITargetFiles files) : IDisposable
{
    private readonly Dictionary<string, ZipDirectory?> _archives = new(StringComparer.Ordinal);

    /// <summary>Null where there is no such file, or it is beyond the limit.</summary>
    /// <param name="path">Absolute; a leading part of it may be an archive.</param>
    /// <param name="modified">When the file, or the archive that it is in, was last changed.</param>
    public byte[]? Read(string path, out double? modified)
    {
        modified = files.ModifiedAt(path);
        using Stream? file = files.OpenRead(path) ?? files.OpenDeleted(path);
        return file is not null ? ReadWhole(file) : ReadFromArchive(path, out modified);
    }

    public void Dispose()
    {
        foreach (ZipDirectory? archive in _archives.Values)
            archive?.Dispose();
    }

    private static byte[]? ReadWhole(Stream file)
    {
        if (file.Length > Limits.SourceFile)
            return null;
        var bytes = new byte[file.Length];
        return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? bytes : null;
    }

    private byte[]? ReadFromArchive(string path, out double? modified)
    {
        modified = null;
        int end = path.LastIndexOf('/');
        for (int part = 0; part < Limits.PathParts && end > 0; part++)
        {
            string prefix = path[..end];
            if (Archive(prefix) is { } archive)
            {
                modified = files.ModifiedAt(prefix);
                return ReadMember(archive, path[(end + 1)..]);
            }

            end = path.LastIndexOf('/', end - 1);
        }

        return null;
    }

    private static byte[]? ReadMember(ZipDirectory archive, string name)
    {
        try
        {
            return archive.Read(name, Limits.SourceFile);
        }
        catch (BadData)
        {
            return null;
        }
    }

    private ZipDirectory? Archive(string path)
    {
        if (_archives.TryGetValue(path, out ZipDirectory? known))
            return known;
        ZipDirectory? archive = null;
        try
        {
            if ((files.OpenRead(path) ?? files.OpenDeleted(path)) is { } file)
                archive = ZipDirectory.Open(file);
        }
        catch (BadData)
        {
            // A file in the middle of the path that is no archive after all.
        }

        _archives[path] = archive;
        return archive;
    }
}
