using System.Net;
using Kaa.Formats;
using Kaa.Formats.Network;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;

namespace Kaa.Linux.Debuginfod;

/// <summary>
/// From a host's name to addresses: numbers, /etc/hosts, then the name servers of /etc/resolv.conf. A static binary has none of glibc's name services, so
/// LDAP, mDNS and the like are not asked.
/// </summary>
internal static class HostNames
{
    private const ushort Port = 53;
    private const int MaxFile = 1 << 20;
    private const int MaxAnswer = 4096;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>4 or 16 bytes each; none where nobody knows it.</summary>
    public static List<byte[]> Find(string name)
    {
        if (IPAddress.TryParse(name, out IPAddress? number))
            return [number.GetAddressBytes()];
        List<byte[]> known = InHosts(Text("/etc/hosts"), name);
        return known.Count > 0 ? known : Ask(Text("/etc/resolv.conf"), name);
    }

    /// <summary>hosts(5): an address, then its names; comments behind #.</summary>
    public static List<byte[]> InHosts(string hosts, string name)
    {
        var found = new List<byte[]>();
        foreach (string[] words in Lines(hosts))
        {
            for (int i = 1; i < words.Length; i++)
            {
                if (string.Equals(words[i], name, StringComparison.OrdinalIgnoreCase) && IPAddress.TryParse(words[0], out IPAddress? address))
                    found.Add(address.GetAddressBytes());
            }
        }

        return found;
    }

    private static List<byte[]> Ask(string configuration, string name)
    {
        var servers = new List<byte[]>();
        var domains = new List<string> { "" };
        foreach (string[] words in Lines(configuration))
        {
            if (words[0] == "nameserver" && words.Length > 1 && IPAddress.TryParse(words[1], out IPAddress? server))
                servers.Add(server.GetAddressBytes());
            else if (words[0] is "search" or "domain" && !name.Contains('.'))
                domains.AddRange(words[1..]);
        }

        foreach (string domain in domains)
        {
            string full = domain.Length == 0 ? name : name + "." + domain;
            foreach (byte[] server in servers)
            {
                List<byte[]> found = [.. Ask(server, full, DnsMessage.Address4), .. Ask(server, full, DnsMessage.Address6)];
                if (found.Count > 0)
                    return found;
            }
        }

        return [];
    }

    private static List<byte[]> Ask(byte[] server, string name, ushort type)
    {
        ushort id = unchecked((ushort)(Clock.Microseconds ^ Environment.ProcessId));
        if (DnsMessage.Question(name, type, id) is not { } question)
            return [];
        using Connection? connection = Connection.Open(Connection.Datagram, server, Port, s_patience);
        Span<byte> answer = stackalloc byte[MaxAnswer];
        int got = connection?.Send(question) == true ? connection.Receive(answer) : -1;
        try
        {
            return got > 0 ? DnsMessage.Addresses(answer[..got], type, id) : [];
        }
        catch (BadData)
        {
            return [];
        }
    }

    private static IEnumerable<string[]> Lines(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            int comment = line.AsSpan().IndexOfAny('#', ';');
            string[] words = (comment < 0 ? line : line[..comment]).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length > 0)
                yield return words;
        }
    }

    private static string Text(string path)
    {
        using Stream? file = HostFiles.OpenRead(path);
        if (file is null)
            return "";
        byte[] bytes = new byte[Math.Min(file.Length, MaxFile)];
        int got = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, got);
    }
}
