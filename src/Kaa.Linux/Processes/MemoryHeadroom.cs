using System.Buffers.Text;
using System.Text;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <summary>
/// How much memory a process may still take before the kernel would have to kill for it: the machine's, and that of each control group above it. Bytes.
/// </summary>
public sealed class MemoryHeadroom
{
    private const string Mount = "/sys/fs/cgroup";
    private const int MostGroups = 64;

    private readonly ProcRoot _proc;
    private readonly KernelText _text = new();
    private readonly List<(string Limit, string Usage, string Statistics)> _groups = [];

    private MemoryHeadroom(ProcRoot proc) => _proc = proc;

    public static MemoryHeadroom Of(ProcRoot proc, int pid)
    {
        var headroom = new MemoryHeadroom(proc);
        if (headroom._text.TryRead(proc.Of(pid, "cgroup"), out ReadOnlySpan<byte> text))
        {
            foreach (string line in Encoding.UTF8.GetString(text).Split('\n'))
                headroom.Add(line);
        }

        return headroom;
    }

    /// <summary>Null where neither the machine nor a group tells.</summary>
    public ulong? Bytes()
    {
        ulong? least = Machine();
        foreach ((string limit, string usage, string statistics) in _groups)
        {
            // A group without a limit says "max", or (version 1) a number beyond all memory.
            if (Number(limit) is not { } most || most >= 1ul << 60 || Number(usage) is not { } used)
                continue;
            ulong reclaimable = Value(statistics, "inactive_file "u8) ?? 0;
            ulong taken = used - Math.Min(used, reclaimable);
            ulong left = most - Math.Min(most, taken);
            least = least is { } known ? Math.Min(known, left) : left;
        }

        return least;
    }

    private ulong? Machine() => Value(_proc.Of("meminfo"), "MemAvailable:"u8) is { } kilobytes ? kilobytes * 1024 : null;

    /// <summary>A line of /proc/PID/cgroup: hierarchy:controllers:path (cgroups(7)).</summary>
    private void Add(string line)
    {
        string[] parts = line.Split(':', 3);
        if (parts.Length < 3 || parts[2].Contains("..", StringComparison.Ordinal))
            return;
        bool isUnified = parts[0] == "0" && parts[1].Length == 0;
        if (!isUnified && Array.IndexOf(parts[1].Split(','), "memory") < 0)
            return;
        string path = parts[2].TrimEnd('/');
        for (int depth = 0; depth < MostGroups; depth++)
        {
            string directory = (isUnified ? Mount : Mount + "/memory") + path;
            _groups.Add(isUnified
                ? (directory + "/memory.max", directory + "/memory.current", directory + "/memory.stat")
                : (directory + "/memory.limit_in_bytes", directory + "/memory.usage_in_bytes", directory + "/memory.stat"));
            if (path.Length == 0)
                return;
            path = path[..path.LastIndexOf('/')];
        }
    }

    private ulong? Number(string path) =>
        _text.TryRead(path, out ReadOnlySpan<byte> text) && Utf8Parser.TryParse(text, out ulong number, out _) ? number : null;

    private ulong? Value(string path, ReadOnlySpan<byte> key)
    {
        if (!_text.TryRead(path, out ReadOnlySpan<byte> text))
            return null;
        int place = text.StartsWith(key) ? 0 : -1;
        for (int i = 0; place < 0 && i < text.Length; i++)
        {
            if (text[i] == '\n' && text[(i + 1)..].StartsWith(key))
                place = i + 1;
        }

        return place >= 0 && Utf8Parser.TryParse(text[(place + key.Length)..].TrimStart((byte)' '), out ulong value, out _) ? value : null;
    }
}
