using System.Buffers.Binary;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Debuginfod;

/// <summary>A connection by TCP, or a socket that asks by UDP. Libc's own calls: .NET's sockets cost a megabyte.</summary>
internal sealed unsafe class Connection : IDisposable
{
    private const int Internet4 = 2; // AF_INET
    private const int Internet6 = 10; // AF_INET6
    private const int CloseOnExec = 0x80000; // SOCK_CLOEXEC
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReceiveTimeout = 20; // SO_RCVTIMEO
    private const int SendTimeout = 21; // SO_SNDTIMEO, which connect heeds too
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL

    private readonly Descriptor _socket;

    private Connection(Descriptor socket) => _socket = socket;

    public const int Stream = 1; // SOCK_STREAM
    public const int Datagram = 2; // SOCK_DGRAM

    /// <summary>Null where there is no way to it; <see cref="Errno.Last"/> says why.</summary>
    /// <param name="address">4 or 16 bytes.</param>
    public static Connection? Open(int type, ReadOnlySpan<byte> address, ushort port, TimeSpan patience)
    {
        bool is4 = address.Length == 4;
        int number = Libc.Socket(is4 ? Internet4 : Internet6, type | CloseOnExec, 0);
        if (number < 0)
            return null;
        var connection = new Connection(new Descriptor(number));
        connection.Set(SendTimeout, patience);
        connection.Set(ReceiveTimeout, patience);

        // struct sockaddr_in and sockaddr_in6: family, port, (flow,) address.
        Span<byte> name = stackalloc byte[28];
        name.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(name, (ushort)(is4 ? Internet4 : Internet6));
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], port);
        address.CopyTo(name[(is4 ? 4 : 8)..]);
        fixed (byte* bytes = name)
        {
            if (Libc.Connect(number, bytes, is4 ? 16u : 28u) == 0)
                return connection;
        }

        connection.Dispose();
        return null;
    }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint sent;
            fixed (byte* data = bytes)
                sent = Libc.Send(_socket.Number, data, (nuint)bytes.Length, NoSignal);
            if (sent < 0 && Errno.Last == Errno.Interrupted)
                continue;
            if (sent <= 0)
                return false;
            bytes = bytes[(int)sent..];
        }

        return true;
    }

    /// <summary>0 at the end; negative where nothing comes in time, or the connection broke.</summary>
    public int Receive(Span<byte> buffer)
    {
        while (true)
        {
            nint got;
            fixed (byte* data = buffer)
                got = Libc.Read(_socket.Number, data, (nuint)buffer.Length);
            if (got >= 0 || Errno.Last != Errno.Interrupted)
                return (int)got;
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Set(int option, TimeSpan time)
    {
        long* value = stackalloc long[2];
        value[0] = (long)time.TotalSeconds;
        value[1] = time.Microseconds + (time.Milliseconds * 1000L);
        _ = Libc.SetSocketOption(_socket.Number, SocketLevel, option, value, 16);
    }
}
