namespace Kaa.Linux.Calls;

/// <summary>Flags of open(2) on x86-64 (include/uapi/asm-generic/fcntl.h) and of openat2(2).</summary>
internal static class OpenFlags
{
    public const int CurrentDirectory = -100; // AT_FDCWD
    public const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    public const int NotFollowed = 0x100; // AT_SYMLINK_NOFOLLOW

    public const int FollowLink = 0x400; // AT_SYMLINK_FOLLOW

    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40; // O_CREAT
    public const int Exclusive = 0x80; // O_EXCL
    public const int Nameless = 0x410000; // O_TMPFILE
    public const int NoTerminal = 0x100; // O_NOCTTY
    public const int NonBlocking = 0x800; // O_NONBLOCK
    public const int Directory = 0x10000; // O_DIRECTORY
    public const int NoFollow = 0x20000; // O_NOFOLLOW
    public const int CloseOnExec = 0x80000; // O_CLOEXEC
    public const int PathOnly = 0x200000; // O_PATH

    public const ulong ResolveNoMagicLinks = 0x02; // RESOLVE_NO_MAGICLINKS
    public const ulong ResolveInRoot = 0x10; // RESOLVE_IN_ROOT

    /// <summary>System call numbers of x86-64.</summary>
    public const int GetDirectoryEntries = 217; // getdents64

    public const int OpenAt2 = 437;
}
