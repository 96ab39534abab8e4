using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <summary>uid → name from /etc/passwd: a static binary has no name service. A process with a root of its own is asked there.</summary>
internal sealed class UserNames(ProcRoot proc)
{
    private const int MaxPasswd = 16 << 20;

    private readonly Dictionary<(ulong Device, ulong Inode), Dictionary<uint, string>> _byRoot = [];
    private readonly KernelText _text = new();

    /// <summary>The number where there is no name.</summary>
    /// <param name="uid">As seen from here.</param>
    public string Of(int pid, uint uid)
    {
        FileStatus? ours = Descriptor.Status(OpenFlags.CurrentDirectory, "/", 0);
        FileStatus? theirs = Descriptor.Status(OpenFlags.CurrentDirectory, proc.Of(pid, "root"), 0);
        if (theirs is { } root && (root.Device, root.Inode) != (ours?.Device ?? 0, ours?.Inode ?? 0)
            && Names(root, proc.Of(pid, "root")).TryGetValue(Inside(pid, uid), out string? inner))
            return inner;
        if (ours is { } host && Names(host, "/").TryGetValue(uid, out string? name))
            return name;
        return uid.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Lines of passwd(5): name:password:uid:…</summary>
    public static Dictionary<uint, string> Parse(ReadOnlySpan<byte> passwd)
    {
        var names = new Dictionary<uint, string>();
        foreach (Range range in passwd.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = passwd[range];
            int name = line.IndexOf((byte)':');
            int password = name < 0 ? -1 : line[(name + 1)..].IndexOf((byte)':');
            if (name > 0 && password >= 0 && Utf8Parser.TryParse(line[(name + password + 2)..], out uint uid, out _))
                names.TryAdd(uid, Encoding.UTF8.GetString(line[..name]));
        }

        return names;
    }

    /// <summary>A uid as a user namespace numbers it (user_namespaces(7)); lines of <c>inside outside length</c>.</summary>
    public static uint Inside(ReadOnlySpan<char> map, uint uid)
    {
        foreach (ReadOnlySpan<char> line in map.EnumerateLines())
        {
            string[] numbers = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length == 3 && uint.TryParse(numbers[0], out uint inside) && uint.TryParse(numbers[1], out uint outside)
                && uint.TryParse(numbers[2], out uint length) && uid >= outside && uid - outside < length)
                return inside + (uid - outside);
        }

        return uid;
    }

    private uint Inside(int pid, uint uid) =>
        _text.TryRead(proc.Of(pid, "uid_map"), out ReadOnlySpan<byte> map) ? Inside(Encoding.UTF8.GetString(map), uid) : uid;

    private Dictionary<uint, string> Names(FileStatus root, string path)
    {
        if (_byRoot.TryGetValue((root.Device, root.Inode), out Dictionary<uint, string>? names))
            return names;
        names = Read(path);
        _byRoot[(root.Device, root.Inode)] = names;
        return names;
    }

    private static Dictionary<uint, string> Read(string path)
    {
        if (Descriptor.Open(path, OpenFlags.PathOnly | OpenFlags.Directory) is not { } root)
            return [];
        using var place = new RootedPath(root);
        using RegularFile? file = place.OpenRead("/etc/passwd");
        if (file is null || file.Length > MaxPasswd)
            return [];
        byte[] bytes = new byte[file.Length];
        return Parse(bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, false)));
    }
}
