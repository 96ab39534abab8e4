using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>A struct sockaddr as a person writes it.</summary>
public static class SocketAddressText
{
    private const int Unix = 1; // AF_UNIX
    private const int Internet = 2; // AF_INET
    private const int Internet6 = 10; // AF_INET6
    private const int Netlink = 16; // AF_NETLINK

    /// <summary><c>127.0.0.1:80</c>, <c>[::1]:80</c>, <c>unix:/run/x</c>; the family's number where it is another one, null where it is too short.</summary>
    public static string? Of(ReadOnlySpan<byte> address)
    {
        if (address.Length < 2)
            return null;
        int family = BinaryPrimitives.ReadUInt16LittleEndian(address);
        switch (family)
        {
            case Internet when address.Length >= 8:
                return string.Create(CultureInfo.InvariantCulture, $"{address[4]}.{address[5]}.{address[6]}.{address[7]}:{Port(address)}");
            case Internet6 when address.Length >= 24:
                return string.Create(CultureInfo.InvariantCulture, $"[{new IPAddress(address.Slice(8, 16))}]:{Port(address)}");
            case Unix:
                ReadOnlySpan<byte> path = address[2..];
                if (path.IsEmpty)
                    return "unix";
                bool isAbstract = path[0] == 0;
                int end = isAbstract ? path.Length : path.IndexOf((byte)0) is >= 0 and int nul ? nul : path.Length;
                ReadOnlySpan<byte> name = isAbstract ? path[1..end] : path[..end];
                return "unix:" + (isAbstract ? "@" : "") + Literal.OfText(name, int.MaxValue)[1..^1];
            case Netlink:
                return "netlink";
            default:
                return string.Create(CultureInfo.InvariantCulture, $"family {family}");
        }
    }

    private static int Port(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
}
