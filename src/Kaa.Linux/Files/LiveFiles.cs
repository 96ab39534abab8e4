using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Target;

namespace Kaa.Linux.Files;

/// <summary>Files as a live process sees them, through <c>/proc/PID/root</c>.</summary>
public sealed class LiveFiles : ITargetFiles, IDisposable
{
    private const int PageSize = 4096;
    private const int DirectoryPiece = 32 << 10;

    private readonly ProcRoot _proc;
    private readonly int _tid;
    private readonly IMemory _memory;
    private readonly RootedPath? _root;
    private readonly string _prefix;
    private Dictionary<string, int>? _deleted;

    internal LiveFiles(ProcRoot proc, int tid, IMemory memory)
    {
        _proc = proc;
        _tid = tid;
        _memory = memory;
        _prefix = Prefix(proc, tid);
        _root = Descriptor.Open(proc.Of(tid, "root"), OpenFlags.PathOnly | OpenFlags.Directory) is { } root ? new RootedPath(root) : null;
    }

    public string? WorkingDirectory => Descriptor.ReadLink(_proc.Of(_tid, "cwd")) is { } path ? Inside(_prefix, path) : null;

    /// <summary>
    /// What the kernel puts in front of the paths of a process in a chroot: it writes them from the reader's root. Empty for one in a
    /// mount namespace of its own, whose paths begin at its own root anyway.
    /// </summary>
    public static string Prefix(ProcRoot proc, int tid) => Descriptor.ReadLink(proc.Of(tid, "root")) is { Length: > 1 } root ? root : "";

    /// <summary>A path as the target would write it.</summary>
    public static string Inside(string prefix, string path)
    {
        if (prefix.Length == 0 || !path.StartsWith(prefix, StringComparison.Ordinal))
            return path;
        return path.Length == prefix.Length ? "/" : path[prefix.Length] == '/' ? path[prefix.Length..] : path;
    }

    public Stream? OpenRead(string path) => _root?.OpenRead(path);

    public double? ModifiedAt(string path) =>
        _root?.Status(path) is { } status ? status.Modified.Seconds + status.Modified.Nanoseconds / 1e9 : null;

    public Stream? OpenMapped(Mapping mapping)
    {
        if (!mapping.IsFile)
            return null;

        // Without leading zeros, though maps pads its addresses. The very inode that is mapped, whatever became of its name.
        string name = string.Create(CultureInfo.InvariantCulture, $"map_files/{mapping.Start.Value:x}-{mapping.End.Value:x}");
        using Descriptor? place = Descriptor.Open(_proc.Of(_tid, name), OpenFlags.PathOnly);
        if (place is not null && RootedPath.Reopen(place) is { } exact)
            return exact;
        return OpenProgram(mapping) ?? OpenByName(mapping);
    }

    public Stream? OpenDeleted(string path)
    {
        _deleted ??= Deleted();
        if (!_deleted.TryGetValue(path, out int number))
            return null;
        using Descriptor? place = Descriptor.Open(_proc.Of(_tid, string.Create(CultureInfo.InvariantCulture, $"fd/{number}")), OpenFlags.PathOnly);
        return place is null ? null : RootedPath.Reopen(place);
    }

    public void Dispose() => _root?.Dispose();

    /// <summary>Descriptors by the paths that their files had, as the target would write them.</summary>
    private Dictionary<string, int> Deleted()
    {
        const string Mark = " (deleted)"; // d_path, fs/d_path.c
        var deleted = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = new List<int>();
        using Descriptor? directory = Descriptor.Open(_proc.Of(_tid, "fd"), OpenFlags.Directory);
        if (directory is not null)
            NumberedEntries.Add(directory.Number, GC.AllocateUninitializedArray<byte>(DirectoryPiece), numbers);
        foreach (int number in numbers)
        {
            string? name = Descriptor.ReadLink(directory!.Number, number.ToString(CultureInfo.InvariantCulture));
            if (name?.EndsWith(Mark, StringComparison.Ordinal) == true)
                deleted.TryAdd(Inside(_prefix, name[..^Mark.Length]), number);
        }

        return deleted;
    }

    /// <summary>The program's own file needs no more than to be allowed to look at the process, even when it was deleted.</summary>
    private RegularFile? OpenProgram(Mapping mapping)
    {
        using Descriptor? place = Descriptor.Open(_proc.Of(_tid, "exe"), OpenFlags.PathOnly);
        if (place is null || RootedPath.Reopen(place) is not { } file)
            return null;
        if (IsSame(file, mapping))
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>map_files needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; without, the name must do, if it still stands for the same file.</summary>
    private RegularFile? OpenByName(Mapping mapping)
    {
        if (mapping.Deleted || _root?.OpenRead(mapping.Path) is not { } file)
            return null;
        if (IsSame(file, mapping))
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>The device can't be compared (overlayfs has several), so the bytes are, where the program can't have changed them.</summary>
    private bool IsSame(RegularFile file, Mapping mapping)
    {
        if (file.Status.Inode != mapping.Inode)
            return false;
        if (mapping.Can(MappingAccess.Write) || !mapping.Can(MappingAccess.Read))
            return file.Status.Device == mapping.Device;
        Span<byte> mapped = stackalloc byte[PageSize];
        Span<byte> stored = stackalloc byte[PageSize];
        file.Position = (long)mapping.Offset;
        int count = file.ReadAtLeast(stored, PageSize, false);
        file.Position = 0;
        return count > 0 && _memory.Read(mapping.Start, mapped) == PageSize && mapped[..count].SequenceEqual(stored[..count]);
    }
}
