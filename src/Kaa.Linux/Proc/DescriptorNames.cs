using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Linux.Proc;

/// <summary>Says what a file descriptor of a process is: a path, a pipe, a socket with its addresses, an epoll with what it watches.</summary>
internal sealed class DescriptorNames(ProcRoot proc, int pid)
{
    private const string SocketPrefix = "socket:[";

    private static readonly string[] InternetTables = ["tcp", "tcp6", "udp", "udp6"];

    private readonly KernelText _text = new();

    /// <summary>Null where there is no such descriptor, or it may not be looked at.</summary>
    public string? Find(int descriptor)
    {
        string number = descriptor.ToString(CultureInfo.InvariantCulture);
        if (Descriptor.ReadLink(proc.Of(pid, "fd/" + number)) is not { } link)
            return null;
        if (link.StartsWith(SocketPrefix, StringComparison.Ordinal)
            && ulong.TryParse(link.AsSpan(SocketPrefix.Length).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
        {
            return Socket(inode) ?? "a socket";
        }

        if (link == "anon_inode:[eventpoll]")
            return Watched(number);
        return link.StartsWith("pipe:[", StringComparison.Ordinal) ? "a pipe" : link;
    }

    /// <summary>Tables are those of the process's own network namespace.</summary>
    private string? Socket(ulong inode)
    {
        foreach (string table in InternetTables)
        {
            if (_text.TryRead(proc.Of(pid, "net/" + table), out ReadOnlySpan<byte> text) && SocketTable.FindInternet(text, inode) is { } found)
                return $"{table.TrimEnd('6')} {found}";
        }

        if (_text.TryRead(proc.Of(pid, "net/unix"), out ReadOnlySpan<byte> unix) && SocketTable.FindUnix(unix, inode) is { } path)
            return path.Length == 0 ? "a unix socket" : "unix socket " + path;
        return null;
    }

    /// <summary>A line <c>tfd:</c> for each (fs/eventpoll.c, ep_show_fdinfo).</summary>
    private string Watched(string number)
    {
        if (!_text.TryRead(proc.Of(pid, "fdinfo/" + number), out ReadOnlySpan<byte> text))
            return "epoll";
        int count = 0;
        foreach (Range line in text.Split((byte)'\n'))
            count += text[line].StartsWith("tfd:"u8) ? 1 : 0;
        return "epoll, watches " + Quantity.Of(count, "descriptor");
    }
}
