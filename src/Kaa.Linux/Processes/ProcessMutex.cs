using System.Globalization;
using System.Text;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Processes;

/// <summary>
/// Held by the one Kaa that changes a process. A socket with an abstract name (unix(7)): nothing of it is on any disk, and the kernel takes it back
/// however Kaa ends. It is known in this network namespace only; two Kaas in different ones see each other by ptrace.
/// </summary>
public sealed unsafe class ProcessMutex : IDisposable
{
    private const int Local = 1; // AF_UNIX
    private const int Datagram = 2 | 0x80000; // SOCK_DGRAM | SOCK_CLOEXEC

    private readonly Descriptor _socket;

    private ProcessMutex(Descriptor socket) => _socket = socket;

    /// <summary>Null where another Kaa has it.</summary>
    /// <param name="startedAt">In seconds: tells processes with the same pid apart.</param>
    public static ProcessMutex? TryTake(int pid, double startedAt)
    {
        var socket = new Descriptor(Libc.Socket(Local, Datagram, 0));
        string text = string.Create(CultureInfo.InvariantCulture, $"kaa-control-{pid}-{startedAt:0}");
        Span<byte> address = stackalloc byte[110];
        address.Clear();
        address[0] = Local;
        int length = 3 + Encoding.ASCII.GetBytes(text, address[3..]);
        fixed (byte* bytes = address)
        {
            if (socket.Number < 0 || Libc.Bind(socket.Number, bytes, (uint)length) == 0 || Errno.Last != Errno.AddressInUse)
                return new ProcessMutex(socket);
        }

        socket.Dispose();
        return null;
    }

    public void Dispose() => _socket.Dispose();
}
