using System.Buffers;

namespace Kaa.Formats.ProcText;

/// <summary>
/// <c>/proc/PID/cgroup</c> (cgroups(7)) → which container. A process in a control group namespace of its own that reads its own
/// file sees <c>/</c>; seen from the host the path is whole.
/// </summary>
public static class CgroupParser
{
    private const int IdLength = 64;

    private static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdef");

    // How each runtime names a container's scope: systemd's cgroup driver writes PREFIX-ID.scope, or slice:PREFIX:ID before it is resolved.
    private static readonly (string Prefix, string Runtime)[] s_prefixes =
    [
        ("cri-containerd", "containerd"), ("nerdctl", "containerd"), ("docker", "docker"), ("crio", "cri-o"), ("libpod", "podman"),
    ];

    /// <summary>The innermost container of the first line that names one; null where none does.</summary>
    public static ContainerId? FindContainer(ReadOnlySpan<byte> text)
    {
        var lines = new ProcReader("/proc/PID/cgroup", text);
        while (!lines.AtEnd)
        {
            if (FromLine(ProcReader.Decode(lines.Line())) is { } container)
                return container;
        }

        return null;
    }

    private static ContainerId? FromLine(string line)
    {
        // hierarchy:controllers:path, where the path may hold colons too.
        int first = line.IndexOf(':', StringComparison.Ordinal);
        int second = first < 0 ? -1 : line.IndexOf(':', first + 1);
        if (second < 0)
            return null;
        string[] parts = line[(second + 1)..].Split('/');
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            if (FromPart(parts[i], i > 0 ? parts[i - 1] : "", line) is { } container)
                return container;
        }

        return null;
    }

    private static ContainerId? FromPart(string part, string parent, string line)
    {
        string name = part.EndsWith(".scope", StringComparison.Ordinal) ? part[..^".scope".Length] : part;
        if (IsId(name))
            return new ContainerId(RuntimeOf(parent, line), name);
        if (name.Length > IdLength && IsId(name[^IdLength..]) && name[^(IdLength + 1)] is '-' or ':')
            return FromPrefix(name[..^(IdLength + 1)], name[^IdLength..]);
        return FromName(name, parent);
    }

    private static ContainerId? FromPrefix(string prefix, string id)
    {
        // conmon, cri-o's and podman's monitor, lives beside the container and not in it.
        if (prefix.EndsWith("conmon", StringComparison.Ordinal))
            return null;
        foreach ((string known, string runtime) in s_prefixes)
        {
            if (prefix.EndsWith(known, StringComparison.Ordinal))
                return new ContainerId(runtime, id);
        }

        return new ContainerId("container", id);
    }

    /// <summary>A bare id says nothing of the runtime; the groups above it do.</summary>
    private static string RuntimeOf(string parent, string line)
    {
        if (parent == "docker")
            return "docker";
        if (parent == "libpod_parent")
            return "podman";
        return line.Contains("kubepods", StringComparison.Ordinal) ? "kubernetes" : "container";
    }

    /// <summary>lxc and systemd-nspawn go by names.</summary>
    private static ContainerId? FromName(string name, string parent)
    {
        if (parent == "lxc" && name.Length > 0)
            return new ContainerId("lxc", name);
        if (name.StartsWith("lxc.payload.", StringComparison.Ordinal))
            return new ContainerId("lxc", name["lxc.payload.".Length..]);
        if (parent == "machine.slice" && name.StartsWith("machine-", StringComparison.Ordinal))
            return new ContainerId("nspawn", name["machine-".Length..].Replace("\\x2d", "-", StringComparison.Ordinal));
        return null;
    }

    private static bool IsId(string text) => text.Length == IdLength && !text.AsSpan().ContainsAnyExcept(s_hexadecimal);
}
