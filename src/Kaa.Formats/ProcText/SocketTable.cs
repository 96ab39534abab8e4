using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;

namespace Kaa.Formats.ProcText;

/// <summary>
/// Finds one socket in <c>/proc/PID/net/tcp</c>, <c>tcp6</c>, <c>udp</c>, <c>udp6</c> (Documentation/networking/proc_net_tcp.rst of the kernel)
/// and <c>unix</c> (net/unix/af_unix.c, unix_seq_show), by its inode.
/// </summary>
public static class SocketTable
{
    private const int InternetAddress = 1;
    private const int InternetPeer = 2;
    private const int InternetState = 3;
    private const int InternetInode = 9;
    private const int UnixInode = 6;
    private const int UnixPath = 7;
    private const int Listening = 10; // TCP_LISTEN, include/net/tcp_states.h

    /// <summary><c>127.0.0.1:40322 → 10.0.0.5:5432</c>; where it listens or has no peer, its own address alone. Null where it is not in the table.</summary>
    public static string? FindInternet(ReadOnlySpan<byte> table, ulong inode)
    {
        Span<Range> fields = stackalloc Range[InternetInode + 2];
        ReadOnlySpan<byte> line = FindLine(table, inode, InternetInode, fields);
        if (line.IsEmpty || EndPoint(line[fields[InternetAddress]]) is not { } own || EndPoint(line[fields[InternetPeer]]) is not { } peer)
            return null;
        bool listens = Utf8Parser.TryParse(line[fields[InternetState]], out int state, out _, 'x') && state == Listening;
        return listens ? $"listening on {own}" : peer.Port == 0 ? own.ToString() : $"{own} → {peer}";
    }

    /// <summary>Its path; empty where it has none, as most ends of a pair. Null where it is not in the table.</summary>
    public static string? FindUnix(ReadOnlySpan<byte> table, ulong inode)
    {
        Span<Range> fields = stackalloc Range[UnixPath + 1];
        ReadOnlySpan<byte> line = FindLine(table, inode, UnixInode, fields);
        return line.IsEmpty ? null : Encoding.UTF8.GetString(line[fields[UnixPath]]);
    }

    private static ReadOnlySpan<byte> FindLine(ReadOnlySpan<byte> table, ulong inode, int field, Span<Range> fields)
    {
        foreach (Range range in table.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = table[range];
            if (Split(line, fields) > field && Utf8Parser.TryParse(line[fields[field]], out ulong found, out int used)
                && used == line[fields[field]].Length && found == inode)
            {
                return line;
            }
        }

        return default;
    }

    /// <summary>At blanks; the last field is the rest of the line. Fields that are not there are empty.</summary>
    private static int Split(ReadOnlySpan<byte> line, Span<Range> fields)
    {
        fields.Fill(line.Length..line.Length);
        int count = 0;
        int at = 0;
        while (count < fields.Length)
        {
            while (at < line.Length && line[at] == ' ')
                at++;
            if (at == line.Length)
                break;
            int length = count == fields.Length - 1 ? -1 : line[at..].IndexOf((byte)' ');
            int end = length < 0 ? line.Length : at + length;
            fields[count++] = at..end;
            at = end;
        }

        return count;
    }

    /// <summary>Address in words of 32 bits, each as the machine stores it, which is network order; a colon; the port.</summary>
    private static IPEndPoint? EndPoint(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        if (colon is not (8 or 32) || !ushort.TryParse(text[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ushort port))
            return null;
        Span<byte> address = stackalloc byte[colon / 2];
        for (int word = 0; word < address.Length; word += 4)
        {
            if (!uint.TryParse(text.Slice(word * 2, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint value))
                return null;
            BinaryPrimitives.WriteUInt32LittleEndian(address[word..], value);
        }

        var ip = new IPAddress(address);
        return new IPEndPoint(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, port);
    }
}
