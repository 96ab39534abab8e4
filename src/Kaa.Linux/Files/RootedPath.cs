using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Files;

/// <summary>
/// Finds files below a root as a process inside would: links and <c>..</c> never lead out of it. Only regular files are ever opened: a
/// descriptor with O_PATH says what it is without waking a device or waiting for the other end of a pipe.
/// </summary>
internal sealed unsafe class RootedPath(Descriptor root) : IDisposable
{
    private const int MaxLinks = 40; // MAXSYMLINKS, include/linux/namei.h

    private static bool s_hasOpenAt2 = true;

    /// <summary>Tests walk by hand on kernels that could do it themselves.</summary>
    internal bool WalkByHand { get; init; }

    /// <summary>Null where there is no such regular file, or it may not be read.</summary>
    public RegularFile? OpenRead(string path)
    {
        using Descriptor? place = Find(path);
        return place is null ? null : Reopen(place);
    }

    /// <summary>A directory, only to be named by; null where there is none of that name.</summary>
    public Descriptor? OpenDirectory(string path)
    {
        Descriptor? place = Find(path);
        if (place?.Status() is { IsDirectory: true })
            return place;
        place?.Dispose();
        return null;
    }

    /// <summary>Null where there is nothing of that name.</summary>
    public FileStatus? Status(string path)
    {
        using Descriptor? place = Find(path);
        return place?.Status();
    }

    /// <summary>Opens what an O_PATH descriptor stands for, if that is a regular file.</summary>
    public static RegularFile? Reopen(Descriptor place)
    {
        if (place.Status() is not { IsRegular: true } status)
            return null;
        string self = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{place.Number}");
        const int Flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoTerminal;
        return Descriptor.Open(self, Flags) is { } file ? new RegularFile(file, status) : null;
    }

    public void Dispose() => root.Dispose();

    private Descriptor? Find(string path)
    {
        if (!path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal))
            return null;
        if (s_hasOpenAt2 && !WalkByHand)
        {
            Descriptor? found = OpenInRoot(path, out int error);

            // ENOSYS before Linux 5.6; EPERM from a seccomp filter that does not know the call (a file gives EACCES).
            if (found is not null || error is not (Errno.NoSystemCall or Errno.PermissionDenied))
                return found;
            s_hasOpenAt2 = error != Errno.NoSystemCall;
        }

        return Walk(path);
    }

    private Descriptor? OpenInRoot(string path, out int error)
    {
        var how = new OpenHow
        {
            Flags = OpenFlags.PathOnly | OpenFlags.CloseOnExec,
            Resolve = OpenFlags.ResolveInRoot | OpenFlags.ResolveNoMagicLinks,
        };
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* bytes = name)
        {
            int number = (int)Libc.SystemCall(OpenFlags.OpenAt2, root.Number, (nint)bytes, (nint)(&how), Marshal.SizeOf<OpenHow>());
            error = number < 0 ? Errno.Last : 0;
            return number < 0 ? null : new Descriptor(number);
        }
    }

    /// <summary>Component by component; <c>..</c> goes back to a directory that was come through, so never above the root.</summary>
    private Descriptor? Walk(string path)
    {
        var trail = new Stack<Descriptor>();
        var rest = new Stack<string>();
        Push(rest, path);
        Descriptor? file = null;
        bool isLost = false;
        for (int links = 0; links <= MaxLinks && file is null && rest.TryPop(out string? name);)
        {
            if (name == "..")
            {
                if (trail.TryPop(out Descriptor? left))
                    left.Dispose();
                continue;
            }

            int directory = trail.TryPeek(out Descriptor? current) ? current.Number : root.Number;
            if (Descriptor.Open(directory, name, OpenFlags.PathOnly | OpenFlags.NoFollow) is not { } next)
            {
                isLost = true;
                break;
            }

            links += Step(next, trail, rest, ref file);
        }

        // All of it was directories: the last of them, or the root itself.
        if (file is null && !isLost && rest.Count == 0)
            file = trail.TryPop(out Descriptor? last) ? last : Descriptor.Open(root.Number, ".", OpenFlags.PathOnly);
        foreach (Descriptor left in trail)
            left.Dispose();
        return file;
    }

    /// <summary>Goes into a directory, along a link, or ends at a file. Gives 1 for a link, more than are allowed to give up.</summary>
    private static int Step(Descriptor next, Stack<Descriptor> trail, Stack<string> rest, ref Descriptor? file)
    {
        FileStatus? status = next.Status();
        if (status is { IsDirectory: true })
        {
            trail.Push(next);
            return 0;
        }

        if (status is { IsLink: true } && Descriptor.ReadLink(next.Number, "") is { } target)
        {
            next.Dispose();
            if (target.StartsWith('/'))
                Clear(trail);
            Push(rest, target);
            return 1;
        }

        if (rest.Count == 0)
        {
            file = next;
            return 0;
        }

        // A file in the middle of a path is no directory: not found.
        next.Dispose();
        return MaxLinks + 1;
    }

    private static void Clear(Stack<Descriptor> trail)
    {
        while (trail.TryPop(out Descriptor? left))
            left.Dispose();
    }

    private static void Push(Stack<string> rest, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".")
                rest.Push(parts[i]);
        }
    }
}
