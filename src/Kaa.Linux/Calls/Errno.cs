using System.Runtime.InteropServices;

namespace Kaa.Linux.Calls;

/// <summary>Error numbers that are told apart (include/uapi/asm-generic/errno-base.h and errno.h).</summary>
public static class Errno
{
    public const int PermissionDenied = 1; // EPERM
    public const int NoEntry = 2; // ENOENT
    public const int NoProcess = 3; // ESRCH
    public const int Interrupted = 4; // EINTR
    public const int InputOutput = 5; // EIO
    public const int NotRunnable = 8; // ENOEXEC
    public const int NoChild = 10; // ECHILD
    public const int NoMemory = 12; // ENOMEM
    public const int AccessDenied = 13; // EACCES
    public const int BadAddress = 14; // EFAULT
    public const int NotDirectory = 20; // ENOTDIR
    public const int Invalid = 22; // EINVAL
    public const int TryAgain = 11; // EAGAIN
    public const int Exists = 17; // EEXIST
    public const int IsDirectory = 21; // EISDIR
    public const int FileTooLarge = 27; // EFBIG
    public const int NoSpace = 28; // ENOSPC
    public const int ReadOnlyFileSystem = 30; // EROFS
    public const int NoSystemCall = 38; // ENOSYS
    public const int NotSupported = 95; // EOPNOTSUPP
    public const int AddressInUse = 98; // EADDRINUSE
    public const int InProgress = 115; // EINPROGRESS
    public const int OverQuota = 122; // EDQUOT
    public const int TooManyLinks = 40; // ELOOP

    /// <summary>Of the last call of this thread that failed.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    public static bool IsPermission(int error) => error is PermissionDenied or AccessDenied;
}
