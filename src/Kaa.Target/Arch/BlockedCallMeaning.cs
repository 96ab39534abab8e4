using Kaa.Formats;

namespace Kaa.Target.Arch;

public enum BlockedCallKind
{
    /// <summary>In the kernel, in a call that says nothing about what it waits for.</summary>
    Other,

    /// <summary>futex: <see cref="BlockedCallMeaning.Word"/> is the address of the word.</summary>
    Futex,
    Sleep,

    /// <summary>A call on one descriptor: read, recv, accept, flock …</summary>
    Descriptor,

    /// <summary>poll, select, epoll_wait, io_uring_enter: several descriptors at once.</summary>
    Poll,
    Child,
    Signal,
}

/// <summary>What a blocked system call waits for, as far as its number and arguments tell.</summary>
/// <param name="Name">The system call's name, or <c>syscall N</c>.</param>
/// <param name="Word">The futex word.</param>
/// <param name="Fd">The descriptor; for <c>epoll_wait</c> that of the epoll itself.</param>
/// <param name="ChildPid">For wait4 and waitid: the pid waited for, where it is one.</param>
public sealed record BlockedCallMeaning(BlockedCallKind Kind, string Name, Address? Word = null, int? Fd = null, int? ChildPid = null)
{
    /// <summary>Numbers and argument order of x86-64 (man 2 syscalls).</summary>
    public static BlockedCallMeaning Of(BlockedCall call)
    {
        string name = call.Number < 0 ? "a page fault" : X64SyscallNames.Find(call.Number) ?? "syscall " + call.Number;
        return name switch
        {
            // The command's low bits: FUTEX_WAIT 0, FUTEX_WAIT_BITSET 9, FUTEX_LOCK_PI 6; the word is always the first argument.
            "futex" or "futex_wait" => new(BlockedCallKind.Futex, name, Word: new Address(call.Arg0)),
            "nanosleep" or "clock_nanosleep" or "pause" => new(BlockedCallKind.Sleep, name),
            "select" or "pselect6" => new(call.Arg0 == 0 ? BlockedCallKind.Sleep : BlockedCallKind.Poll, name),
            "poll" or "ppoll" => new(call.Arg1 == 0 ? BlockedCallKind.Sleep : BlockedCallKind.Poll, name),
            "epoll_wait" or "epoll_pwait" or "epoll_pwait2" or "epoll_wait_old" or "io_uring_enter" or "io_getevents" =>
                new(BlockedCallKind.Poll, name, Fd: unchecked((int)call.Arg0)),
            "wait4" => new(BlockedCallKind.Child, name, ChildPid: Positive(call.Arg0)),

            // idtype P_PID = 1, P_PIDFD = 3 (bits/waitflags.h)
            "waitid" => new(BlockedCallKind.Child, name, ChildPid: call.Arg0 == 1 ? Positive(call.Arg1) : null),
            "rt_sigtimedwait" or "rt_sigsuspend" => new(BlockedCallKind.Signal, name),
            "read" or "write" or "readv" or "writev" or "pread64" or "pwrite64" or "preadv" or "pwritev" or "preadv2" or "pwritev2"
                or "recvfrom" or "recvmsg" or "recvmmsg" or "sendto" or "sendmsg" or "sendmmsg" or "accept" or "accept4" or "connect"
                or "flock" or "fcntl" or "ioctl" or "fsync" or "fdatasync" or "close" or "splice" or "sendfile" or "tee"
                or "getdents64" or "sync_file_range" =>
                new(BlockedCallKind.Descriptor, name, Fd: unchecked((int)call.Arg0)),
            _ => new(BlockedCallKind.Other, name),
        };
    }

    private static int? Positive(ulong value) => unchecked((int)value) is > 0 and int positive ? positive : null;
}
