using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Tracing;

/// <summary>The ptrace requests that following a process' system calls takes, beside those of <see cref="PTrace"/>. All from the tracer's thread.</summary>
public static unsafe class SyscallTracing
{
    private const int MostLooks = 1_000;
    private const int BetweenLooks = 1_000; // µs

    /// <summary>PTRACE_O_TRACECLONE: new threads (and children of a plain clone) are traced from their first moment on.</summary>
    public const int FollowThreads = 8;

    /// <summary>PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK.</summary>
    public const int FollowChildren = 2 | 4;

    private const int GetInformationRequest = 0x420e; // PTRACE_GET_SYSCALL_INFO, Linux 5.3
    private const int NotOthers = 0x20000000; // __WNOTHREAD
    private const int AnyKind = 0x40000000; // __WALL
    private const int NoHang = 1; // WNOHANG
    private const int AnyTask = 0; // P_ALL
    private const int OneTask = 1; // P_PID
    private const int Stops = 2; // WSTOPPED
    private const int Exits = 4; // WEXITED
    private const int LeaveIt = 0x01000000; // WNOWAIT
    private const int InformationSize = 32; // siginfo_t, in ints
    private const int CodeOffset = 2; // si_code
    private const int PidOffset = 4; // si_pid
    private const int StatusOffset = 6; // si_status
    private const int CodeExited = 1; // CLD_EXITED
    private const int CodeDumped = 3; // CLD_DUMPED

    /// <summary>The kernel's id of the calling thread.</summary>
    public static int ThisThread => Libc.GetTid();

    /// <summary>Of a thread that has stopped at a system call. False where the kernel is too old to say (<see cref="TryRead(int, bool, out SyscallStop)"/>).</summary>
    public static bool TryRead(int tid, out SyscallStop stop)
    {
        SyscallInformation information;
        nint length = Libc.PTrace(GetInformationRequest, tid, sizeof(SyscallInformation), (nint)(&information));
        stop = length > 0 ? information.ToStop() : default;
        return length > 0;
    }

    /// <summary>The same from its registers.</summary>
    public static bool TryRead(int tid, bool isEntry, out SyscallStop stop)
    {
        bool isRead = PTrace.TryGetRegisters(tid, out X64Registers registers);
        stop = isRead ? SyscallStop.Of(registers, isEntry) : default;
        return isRead;
    }

    /// <summary>The thread pointer of a stopped thread; 0 where it can't be read.</summary>
    public static ulong ThreadPointer(int tid) => PTrace.TryGetRegisters(tid, out X64Registers registers) ? registers.FsBase : 0;

    /// <summary>
    /// Waits for the next stop or end of any thread that this one traces. It is left to the caller to take an end (<see cref="PTrace.Poll"/>); a stop is taken by letting the
    /// thread go on: until then the kernel still delivers the signal that it stopped for if Kaa dies (wait_task_stopped, kernel/exit.c).
    /// </summary>
    /// <param name="block">False: only looks whether there is one.</param>
    /// <returns>Its tid; 0 where there was none, or the wait was interrupted; −1 where nobody is traced any more.</returns>
    public static int Wait(bool block, out WaitStatus status) => Wait(AnyTask, 0, block, out status);

    /// <summary>The same of one thread, without waiting for it.</summary>
    public static int Look(int tid, out WaitStatus status) => Wait(OneTask, tid, block: false, out status);

    private static int Wait(int kind, int id, bool block, out WaitStatus status)
    {
        int* information = stackalloc int[InformationSize];
        information[PidOffset] = 0;
        int failed = Libc.WaitId(kind, id, information, Exits | Stops | LeaveIt | NotOthers | AnyKind | (block ? 0 : NoHang));
        status = default;
        if (failed < 0)
            return Errno.Last == Errno.Interrupted ? 0 : -1;
        if (information[PidOffset] is not (> 0 and int tid))
            return 0;
        int told = information[StatusOffset];
        status = WaitStatus.Of(information[CodeOffset] switch { CodeExited => told << 8, > CodeExited and <= CodeDumped => told, _ => told << 8 | 0x7f });
        return tid;
    }

    /// <summary>Waits for the end of a child that is not traced any more; gives its exit status, or 128 and the signal that ended it.</summary>
    public static int WaitForEnd(int pid)
    {
        int status;
        int waited;
        do
            waited = Libc.WaitPid(pid, &status, AnyKind);
        while (waited < 0 && Errno.Last == Errno.Interrupted);
        if (waited == pid)
            return WaitStatus.Of(status).Exit;

        // A tracer of ours was told in this very moment, or before.
        for (int i = 0; i < MostLooks && LaunchedEnd.Of(pid) is null; i++)
            Clock.Sleep(BetweenLooks);
        return LaunchedEnd.Of(pid) ?? 0;
    }
}
