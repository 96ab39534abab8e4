using System.Globalization;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Files;

/// <summary>What the kernel says of a file.</summary>
/// <param name="Device">Major and minor number as <c>major &lt;&lt; 20 | minor</c>.</param>
/// <param name="Mode">Type and permission bits, as <c>st_mode</c>.</param>
/// <param name="ModifiedAt">In Unix seconds.</param>
public readonly record struct FileFacts(ulong Device, ulong Inode, uint User, uint Group, int Mode, ulong Size, double ModifiedAt)
{
    public bool IsDirectory => (Mode & 0xf000) == 0x4000;

    public bool IsRegular => (Mode & 0xf000) == 0x8000;
}

/// <summary>Files below a directory as a process sees them that has it as its root: no link leads out of it.</summary>
public sealed unsafe class TargetRoot : IDisposable
{
    private readonly RootedPath _root;

    private TargetRoot(RootedPath root) => _root = root;

    /// <summary>Null where there is no such directory, or it may not be entered.</summary>
    public static TargetRoot? Open(string directory) =>
        Descriptor.Open(directory, OpenFlags.PathOnly | OpenFlags.Directory) is { } root ? new TargetRoot(new RootedPath(root)) : null;

    /// <summary>A regular file for reading; null where there is none, or it may not be read.</summary>
    /// <param name="path">Absolute, as the process would write it.</param>
    public Stream? OpenRead(string path) => _root.OpenRead(path);

    public bool Exists(string path) => _root.Status(path) is not null;

    /// <summary>Links are followed. Null where there is no such file.</summary>
    public FileFacts? Facts(string path) => _root.Status(path) is not { } status ? null : new FileFacts(
        status.Device, status.Inode, status.User, status.Group, status.Mode, status.Size,
        status.Modified.Seconds + status.Modified.Nanoseconds / 1e9);

    /// <summary>The names in a directory, in no order; empty where there is none, or it may not be read.</summary>
    /// <param name="most">No more than so many.</param>
    public IReadOnlyList<string> List(string path, int most)
    {
        using Descriptor? place = _root.OpenDirectory(path);
        var names = new List<string>();
        if (place is null)
            return names;
        try
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{place.Number}")))
            {
                names.Add(entry[(entry.LastIndexOf('/') + 1)..]);
                if (names.Count >= most)
                    break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As if it were empty: who may not list it can't know.
        }

        return names;
    }

    /// <summary>Bytes that an ordinary user may still write where a directory lies; null where that can't be known.</summary>
    public ulong? FreeBytes(string path)
    {
        using Descriptor? place = _root.OpenDirectory(path);
        FileSystemStatus status;
        if (place is null || Libc.StatFileSystem(place.Number, &status) < 0 || status.BlockSize <= 0)
            return null;
        return unchecked(status.AvailableBlocks * (ulong)status.BlockSize);
    }

    public void Dispose() => _root.Dispose();
}
