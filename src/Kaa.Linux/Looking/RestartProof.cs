using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>
/// Whether the kernel itself makes a sleeping thread's call again, however it is interrupted. Where the call's number does not tell, its descriptor does: pipes
/// and the like always do; sockets where no timeout is set on them (sock_intr_errno, include/net/sock.h).
/// </summary>
public sealed class RestartProof(TaskDirectory tasks)
{
    private const int OpenProcess = 434; // pidfd_open, Linux 5.3
    private const int CopyDescriptor = 438; // pidfd_getfd, Linux 5.6
    private const int WaitForAll = 0x100; // MSG_WAITALL: what has come so far would be returned
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReceiveTimeout = 20; // SO_RCVTIMEO_OLD
    private const int TimeSize = 16; // struct timeval

    private int _pid;

    public bool Holds(int tid, SyscallText call)
    {
        if (SyscallRestart.RestartsByItself(call.Number))
            return true;
        bool receives = SyscallRestart.IsReceive(call.Number) && ((call.Number == 45 ? call.Arg3 : call.Arg2) & WaitForAll) == 0;
        if (!receives && !SyscallRestart.IsRead(call.Number) && !SyscallRestart.IsAccept(call.Number))
            return false;
        int descriptor = unchecked((int)call.Arg0);
        return tasks.ReadLink(tid, string.Create(CultureInfo.InvariantCulture, $"fd/{descriptor}")) is { } link
            && (SyscallRestart.IsRead(call.Number) && IsPlain(link) || link.StartsWith("socket:[", StringComparison.Ordinal) && HasNoTimeout(tid, descriptor));
    }

    /// <summary>ERESTARTSYS in fs/pipe.c, fs/eventfd.c, fs/timerfd.c and fs/signalfd.c.</summary>
    private static bool IsPlain(string link) =>
        link.StartsWith("pipe:[", StringComparison.Ordinal) || link is "anon_inode:[eventfd]" or "anon_inode:[timerfd]" or "anon_inode:[signalfd]";

    /// <summary>Asked of a copy of the descriptor, which lives for a few microseconds.</summary>
    private unsafe bool HasNoTimeout(int tid, int descriptor)
    {
        if (_pid == 0)
            _pid = tasks.Status(tid)?.ThreadGroup ?? 0;
        int process = (int)Libc.SystemCall(OpenProcess, _pid, 0, 0, 0);
        if (process < 0)
            return false;
        int copy = (int)Libc.SystemCall(CopyDescriptor, process, descriptor, 0, 0);
        _ = Libc.Close(process);
        if (copy < 0)
            return false;
        ulong* timeout = stackalloc ulong[TimeSize / sizeof(ulong)];
        uint length = TimeSize;
        bool isAnswered = Libc.GetSocketOption(copy, SocketLevel, ReceiveTimeout, timeout, &length) == 0 && length == TimeSize;
        _ = Libc.Close(copy);
        return isAnswered && timeout[0] == 0 && timeout[1] == 0;
    }
}
