using System.Globalization;
using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Linux.Files;

/// <summary>
/// A file that gets its name only once it is whole. Where the file system can, it has none until then (O_TMPFILE), so that nothing is left of
/// it even when Kaa is killed; else it is called <c>.NAME.kaa-PID</c> meanwhile. It is 0600, and belongs to whoever called sudo.
/// </summary>
public sealed unsafe class NewFile : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600

    private readonly string _path;
    private readonly bool _force;
    private readonly Descriptor _file;
    private string? _temporary;

    private NewFile(string path, bool force, Descriptor file, string? temporary)
    {
        _path = path;
        _force = force;
        _file = file;
        _temporary = temporary;
    }

    /// <summary>Bytes that this user may still write on the file system; null where it does not say.</summary>
    public ulong? FreeBytes
    {
        get
        {
            FileSystemStatus status;
            return Libc.StatFileSystem(_file.Number, &status) == 0 ? unchecked(status.AvailableBlocks * (ulong)status.BlockSize) : null;
        }
    }

    /// <summary>Bytes that a file may have (RLIMIT_FSIZE); null for any number.</summary>
    public static ulong? SizeLimit
    {
        get
        {
            const int FileSize = 1; // RLIMIT_FSIZE
            ulong* limits = stackalloc ulong[2];
            return Libc.GetLimit(FileSize, limits) == 0 && limits[0] != ulong.MaxValue ? limits[0] : null;
        }
    }

    /// <exception cref="UserError">file-exists, no-such-directory, not-permitted, output.</exception>
    public static NewFile Create(string path, bool force)
    {
        path = Path.GetFullPath(path);
        if (Descriptor.Status(OpenFlags.CurrentDirectory, path, 0) is { } existing)
        {
            if (existing.IsDirectory)
                throw new UserError("file-exists", $"{path} is a directory", "give the name of a file");
            if (!force || !existing.IsRegular)
                throw Exists(path);
        }

        // A write beyond the limit on a file's size is to fail (EFBIG), not to end us (setrlimit(2)).
        const int FileSizeSignal = 25; // SIGXFSZ
        const int Ignore = 1; // SIG_IGN
        _ = Libc.Signal(FileSizeSignal, Ignore);
        string directory = Path.GetDirectoryName(path)!;
        Descriptor? file = Descriptor.Open(OpenFlags.CurrentDirectory, directory, OpenFlags.Nameless | OpenFlags.ReadWrite, OwnerOnly);
        string? temporary = null;
        if (file is null)
        {
            temporary = TemporaryName(path);
            file = Descriptor.Open(
                OpenFlags.CurrentDirectory, temporary, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, OwnerOnly);
        }

        if (file is null)
            throw Failure(directory, Errno.Last);
        GiveToCaller(file);
        return new NewFile(path, force, file, temporary);
    }

    /// <exception cref="UserError">no-space, file-too-large, output.</exception>
    public void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* data = bytes)
                written = Libc.WriteAt(_file.Number, data, (nuint)bytes.Length, offset);
            if (written <= 0 && Errno.Last == Errno.Interrupted)
                continue;
            if (written <= 0)
                throw Failure(_path, Errno.Last);
            bytes = bytes[(int)written..];
            offset += written;
        }
    }

    /// <summary>What was never written reads as zeros and takes no room.</summary>
    public void SetLength(long length)
    {
        if (Libc.Truncate(_file.Number, length) < 0)
            throw Failure(_path, Errno.Last);
    }

    /// <summary>Bytes that it takes on the disk.</summary>
    public long DiskBytes => _file.Status() is { } status ? (long)status.Blocks * 512 : 0;

    /// <summary>Gives it its name.</summary>
    /// <exception cref="UserError">file-exists: somebody else made one meanwhile.</exception>
    public void Publish()
    {
        if (_temporary is null && _force)
        {
            // A link can't replace a file; a rename can.
            _temporary = TemporaryName(_path);
            Link(_temporary);
        }

        if (_temporary is null)
            Link(_path);
        else if (_force)
            Rename(_temporary);
        else
            LinkTemporary(_temporary);
        _temporary = null;
    }

    public void Dispose()
    {
        if (_temporary is { } name)
            Remove(name);
        _file.Dispose();
    }

    private void Link(string name)
    {
        string own = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_file.Number}");
        fixed (byte* from = Descriptor.Terminated(own))
        fixed (byte* to = Descriptor.Terminated(name))
        {
            if (Libc.LinkAt(OpenFlags.CurrentDirectory, from, OpenFlags.CurrentDirectory, to, OpenFlags.FollowLink) < 0)
                throw Errno.Last == Errno.Exists ? Exists(name) : Failure(name, Errno.Last);
        }
    }

    private void Rename(string temporary)
    {
        fixed (byte* from = Descriptor.Terminated(temporary))
        fixed (byte* to = Descriptor.Terminated(_path))
        {
            if (Libc.RenameAt(OpenFlags.CurrentDirectory, from, OpenFlags.CurrentDirectory, to) < 0)
                throw Failure(_path, Errno.Last);
        }
    }

    /// <summary>A rename would replace what somebody made meanwhile. File systems without links (FAT) get the rename.</summary>
    private void LinkTemporary(string temporary)
    {
        fixed (byte* from = Descriptor.Terminated(temporary))
        fixed (byte* to = Descriptor.Terminated(_path))
        {
            if (Libc.LinkAt(OpenFlags.CurrentDirectory, from, OpenFlags.CurrentDirectory, to, 0) == 0)
            {
                Remove(temporary);
                return;
            }
        }

        if (Errno.Last == Errno.Exists)
            throw Exists(_path);
        Rename(temporary);
    }

    private static void Remove(string name)
    {
        fixed (byte* path = Descriptor.Terminated(name))
            _ = Libc.UnlinkAt(OpenFlags.CurrentDirectory, path, 0);
    }

    private static string TemporaryName(string path) => Path.Combine(
        Path.GetDirectoryName(path)!, string.Create(CultureInfo.InvariantCulture, $".{Path.GetFileName(path)}.kaa-{Environment.ProcessId}"));

    private static void GiveToCaller(Descriptor file)
    {
        if (uint.TryParse(Environment.GetEnvironmentVariable("SUDO_UID"), out uint user) && uint.TryParse(Environment.GetEnvironmentVariable("SUDO_GID"), out uint group))
            _ = Libc.ChangeOwner(file.Number, user, group);
    }

    private static UserError Exists(string path) => new("file-exists", $"{path} exists already", "give another name, or --force to replace it");

    private static UserError Failure(string path, int error) => error switch
    {
        Errno.NoSpace or Errno.OverQuota => new("no-space", $"there is no room left to write {path}", "give a path on another disk with -o"),
        Errno.FileTooLarge => new("file-too-large", $"{path} may not become that large (ulimit -f, or the file system)", "raise the limit, or give a path on another disk with -o"),
        Errno.NoEntry or Errno.NotDirectory => new("no-such-directory", $"there is no directory {path}", "make it first"),
        Errno.PermissionDenied or Errno.AccessDenied or Errno.ReadOnlyFileSystem => new("not-permitted", $"{path} may not be written by this user", "give another path with -o"),
        _ => new("output", $"{path} can't be written: {Marshal.GetPInvokeErrorMessage(error)}"),
    };
}
