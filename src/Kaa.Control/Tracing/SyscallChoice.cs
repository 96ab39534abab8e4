using System.IO.Enumeration;
using Kaa.Control.Tracing.Decoding;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Control.Tracing;

/// <summary>The system calls that somebody asked for: names, patterns (<c>*at</c>) and groups (<c>%file</c>).</summary>
public sealed class SyscallChoice
{
    // Beyond the last number of the kernel's table, with room for some years.
    private const int Numbers = 1024;

    private static readonly Dictionary<string, string> s_groups = new(StringComparer.Ordinal)
    {
        ["%process"] = "fork vfork clone clone3 execve execveat exit exit_group wait4 waitid kill tkill tgkill pidfd_send_signal unshare setns",
        ["%network"] = "socket socketpair connect accept accept4 bind listen sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown getsockname getpeername "
            + "setsockopt getsockopt sendfile",
        ["%signal"] = "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack kill tkill "
            + "tgkill pause signalfd signalfd4 pidfd_send_signal",
        ["%ipc"] = "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify",
        ["%memory"] = "mmap munmap mprotect mremap brk madvise mlock mlock2 munlock mlockall munlockall msync mincore mbind pkey_mprotect process_madvise",
        ["%wait"] = "nanosleep clock_nanosleep poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2 futex futex_waitv wait4 waitid pause rt_sigsuspend "
            + "rt_sigtimedwait semop semtimedop io_uring_enter",
    };

    private readonly Signature?[] _byNumber = new Signature?[Numbers];

    private SyscallChoice()
    {
    }

    public int Count { get; private set; }

    /// <summary>Names as they were asked for.</summary>
    public required IReadOnlyList<string> Words { get; init; }

    /// <summary>Null for a call that was not asked for.</summary>
    public Signature? Find(int number) => (uint)number < Numbers ? _byNumber[number] : null;

    /// <exception cref="UserError">no-such-syscall.</exception>
    public static SyscallChoice Of(IReadOnlyList<string> words)
    {
        var choice = new SyscallChoice { Words = words };
        foreach (string several in words)
        {
            foreach (string word in several.Split(',', StringSplitOptions.RemoveEmptyEntries))
                choice.Add(word);
        }

        return choice;
    }

    private void Add(string word)
    {
        bool any = false;
        for (int number = 0; number < Numbers; number++)
        {
            if (X64SyscallNames.Find(number) is not { } name)
                continue;
            Signature call = _byNumber[number] ?? Signature.Find(SyscallSignatures.Text, name) ?? Signature.Unknown(name);
            if (!Means(word, call))
                continue;
            any = true;
            Count += _byNumber[number] is null ? 1 : 0;
            _byNumber[number] = call;
        }

        if (!any)
            throw Unknown(word);
    }

    private static bool Means(string word, Signature call)
    {
        if (word is "all" or "%all")
            return true;
        if (word == "%file")
            return call.Takes(kind => kind == ArgumentKind.Path);
        if (word == "%desc")
            return call.Takes(kind => kind is ArgumentKind.Descriptor or ArgumentKind.DirectoryDescriptor);
        if (word == "%net")
            word = "%network";
        if (s_groups.TryGetValue(word, out string? group))
            return Array.IndexOf(group.Split(' '), call.Name) >= 0;
        return word.AsSpan().ContainsAny('*', '?') ? FileSystemName.MatchesSimpleExpression(word, call.Name, ignoreCase: false) : word == call.Name;
    }

    private static UserError Unknown(string word)
    {
        string hint = word.StartsWith('%')
            ? "there are %file, %desc, %network, %process, %signal, %ipc, %memory, %wait and %all"
            : "names are those of man 2 syscalls for x86-64, such as openat, newfstatat, recvfrom; patterns (*stat*) and groups (%file) are taken too; functions of "
                + "libc are traced with --call";
        return new UserError("no-such-syscall", $"there is no system call {word}", hint);
    }
}
