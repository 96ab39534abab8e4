using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Linux.Registers;

/// <summary>
/// What a stop did to the system call that a thread was in. Most calls give one of the kernel's own restart codes, which the kernel
/// acts on when the thread goes on, whether it is detached or its tracer dies. Some give a real EINTR, because nothing but a signal
/// was thought to wake them (signal(7), "Interruption of system calls"): the program would see it. Those are made to run again here.
/// </summary>
public static class SyscallRestart
{
    private const long Interrupted = -4; // EINTR
    private const int SyscallLength = 2; // 0f 05
    private const long RestartBlock = -516; // ERESTART_RESTARTBLOCK
    private const ulong RestartSyscall = 219; // restart_syscall
    private const ulong NoCall = ulong.MaxValue; // orig_rax of a thread that is in no system call

    /// <summary>In a system call that the stop has cut short: its result is a restart code or EINTR.</summary>
    public static bool WasInCall(in X64Registers registers) =>
        Signed(registers.OriginalRax) >= 0 && (IsRestartCode(Signed(registers.Rax)) || Signed(registers.Rax) == Interrupted);

    /// <summary>ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK (include/linux/errno.h).</summary>
    public static bool IsRestartCode(long result) => result is -512 or -513 or -514 or -516;

    /// <summary>
    /// True for calls whose wait gives a restart code however it is interrupted, so that a thread in one may be stopped at any time, even by a Kaa
    /// that is killed in the next moment. In all others an EINTR could come through between the interrupt and its repair. read, recv, accept
    /// and the like are not among them: with a timeout on the socket they give EINTR.
    /// </summary>
    public static bool RestartsByItself(int number) => number switch
    {
        7 or 23 or 270 or 271 => true, // poll, select, pselect6, ppoll: ERESTART_RESTARTBLOCK, ERESTARTNOHAND (fs/select.c)
        34 or 130 => true, // pause, rt_sigsuspend: ERESTARTNOHAND (kernel/signal.c)
        35 or 230 => true, // nanosleep, clock_nanosleep: ERESTART_RESTARTBLOCK, ERESTARTNOHAND (kernel/time/hrtimer.c)
        61 or 247 => true, // wait4, waitid: ERESTARTSYS (kernel/exit.c)
        69 or 70 => true, // msgsnd, msgrcv: ERESTARTNOHAND (ipc/msg.c)
        73 => true, // flock: ERESTARTSYS (fs/locks.c)
        202 or 449 => true, // futex, futex_waitv: ERESTARTSYS, ERESTART_RESTARTBLOCK, ERESTARTNOINTR (kernel/futex)
        219 => true, // restart_syscall: one of these, once more
        242 or 243 => true, // mq_timedsend, mq_timedreceive: ERESTARTSYS (ipc/mqueue.c)
        _ => false,
    };

    /// <summary>True for calls that a stop does not cut short, or whose EINTR can be undone at the stop.</summary>
    public static bool CanBeRepaired(int number) => RestartsByItself(number) || ReturnsEintrWithoutEffect(number);

    /// <summary>True for those of them whose result can't be a lesser one because of the stop.</summary>
    public static bool CanBeRepairedExactly(int number) => CanBeRepaired(number) && !MayHaveBegun(number);

    /// <summary>
    /// True for calls that hand over data piece by piece: one that is interrupted after the first piece says so, by a lesser number than it would have
    /// returned, and nothing tells that from a call that was through.
    /// </summary>
    public static bool MayHaveBegun(int number) => number switch
    {
        1 or 18 or 20 or 296 or 328 => true, // write, pwrite64, writev, pwritev, pwritev2
        40 or 275 or 276 or 278 => true, // sendfile, splice, tee, vmsplice
        44 or 46 or 299 or 307 => true, // sendto, sendmsg, recvmmsg, sendmmsg
        _ => false,
    };

    /// <summary>
    /// True for calls that restart by themselves on most descriptors: on pipes, terminals, and sockets without a timeout.
    /// </summary>
    public static bool UsuallyRestarts(int number) => RestartsByItself(number) || IsRead(number) || IsReceive(number) || IsAccept(number);

    /// <summary>read, readv.</summary>
    public static bool IsRead(int number) => number is 0 or 19;

    /// <summary>recvfrom, recvmsg.</summary>
    public static bool IsReceive(int number) => number is 45 or 47;

    /// <summary>accept, accept4.</summary>
    public static bool IsAccept(int number) => number is 43 or 288;

    /// <summary>True for calls that give EINTR whenever they are woken, and can simply be made again.</summary>
    public static bool MayGiveEintr(int number) => !RestartsByItself(number) && ReturnsEintrWithoutEffect(number);

    /// <summary>True where the program would see an EINTR that no signal caused, in a call that can simply be made again.</summary>
    public static bool NeedsRepair(in X64Registers registers) =>
        Signed(registers.Rax) == Interrupted && Signed(registers.OriginalRax) >= 0
        && ReturnsEintrWithoutEffect(Signed(registers.OriginalRax));

    /// <summary>Back onto the syscall instruction, with its number; the kernel must not restart it a second time.</summary>
    public static X64Registers Repaired(in X64Registers registers) => registers with
    {
        Rip = registers.Rip - SyscallLength,
        Rax = registers.OriginalRax,
        OriginalRax = NoCall,
    };

    /// <summary>
    /// Registers with which the thread goes on as if it had never been stopped, wherever it is when it gets them: the call that it was taken out of is made
    /// again, as the kernel itself would have set it up (arch_do_signal_or_restart, arch/x86/kernel/signal.c).
    /// </summary>
    public static X64Registers Restarted(in X64Registers registers)
    {
        if (Signed(registers.OriginalRax) < 0)
            return registers;
        if (!IsRestartCode(Signed(registers.Rax)) && !NeedsRepair(registers))
            return registers with { OriginalRax = NoCall };
        X64Registers again = Repaired(registers);
        return Signed(registers.Rax) == RestartBlock ? again with { Rax = RestartSyscall } : again;
    }

    /// <summary>
    /// As <see cref="Restarted"/>, for a thread whose restart block may be gone by then (rt_sigreturn disarms it, and a sleep of its own overwrites it): a call
    /// that can simply be made again is. Its deadline is absolute, or what is left of its time lies where the program itself would look for it; only poll starts over.
    /// </summary>
    public static X64Registers MadeAgain(in X64Registers registers)
    {
        if (Signed(registers.Rax) != RestartBlock || Signed(registers.OriginalRax) is var number && (number < 0 || (ulong)number == RestartSyscall))
            return Restarted(registers);
        X64Registers again = Repaired(registers);
        return number switch
        {
            35 when registers.Rsi != 0 => again with { Rdi = registers.Rsi }, // nanosleep: rem becomes req
            230 when registers.R10 != 0 => again with { Rdx = registers.R10 }, // clock_nanosleep
            7 or 35 or 202 or 230 => again,
            _ => Restarted(registers),
        };
    }

    /// <summary>The call that a stopped thread was in; null where it was in none.</summary>
    public static BlockedCall? Call(in X64Registers registers) => WasInCall(registers)
        ? new BlockedCall(
            unchecked((int)registers.OriginalRax), registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9)
        : null;

    /// <summary>Where the syscall instruction must lie (0f 05) if this is a 64-bit call; int 0x80 numbers its calls otherwise.</summary>
    public static Address Instruction(in X64Registers registers) => new(registers.Rip - SyscallLength);

    private static long Signed(ulong register) => unchecked((long)register);

    /// <summary>
    /// Calls whose EINTR says that nothing was done: what had been transferred, accepted or taken would be the result instead. Not close, whose
    /// descriptor is gone by then, nor open and ioctl, which may have had an effect. The same as signal(7) lists, and those that reach the
    /// sockets' timeouts (sock_intr_errno, include/net/sock.h) or a FUSE file by another name. Numbers: arch/x86/entry/syscalls/syscall_64.tbl.
    /// </summary>
    private static bool ReturnsEintrWithoutEffect(long number) => number switch
    {
        0 or 1 or 17 or 18 or 19 or 20 => true, // read, write, pread64, pwrite64, readv, writev
        295 or 296 or 327 or 328 => true, // preadv, pwritev, preadv2, pwritev2
        40 or 275 or 276 or 278 => true, // sendfile, splice, tee, vmsplice
        42 or 43 or 288 => true, // connect, accept, accept4
        44 or 45 or 46 or 47 or 299 or 307 => true, // sendto, recvfrom, sendmsg, recvmsg, recvmmsg, sendmmsg
        7 or 23 or 270 or 271 => true, // poll, select, pselect6, ppoll
        34 or 35 or 230 => true, // pause, nanosleep, clock_nanosleep
        65 or 69 or 70 or 220 => true, // semop, msgsnd, msgrcv, semtimedop
        61 or 247 => true, // wait4, waitid
        72 or 73 or 74 or 75 => true, // fcntl, flock, fsync, fdatasync
        128 or 130 => true, // rt_sigtimedwait, rt_sigsuspend
        202 or 449 or 455 => true, // futex, futex_waitv, futex_wait
        208 or 333 or 426 => true, // io_getevents, io_pgetevents, io_uring_enter
        232 or 281 or 441 => true, // epoll_wait, epoll_pwait, epoll_pwait2
        242 or 243 => true, // mq_timedsend, mq_timedreceive
        318 => true, // getrandom
        _ => false,
    };
}
