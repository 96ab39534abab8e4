using Kaa.Linux.Calls;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>The few ptrace requests that a look needs (include/uapi/linux/ptrace.h). All from the thread that seized.</summary>
internal static unsafe class PTrace
{
    private const int PeekText = 1; // PTRACE_PEEKTEXT
    private const int GetRegisters = 12; // PTRACE_GETREGS
    private const int SetRegisters = 13; // PTRACE_SETREGS
    private const int DetachRequest = 17; // PTRACE_DETACH
    private const int SeizeRequest = 0x4206; // PTRACE_SEIZE
    private const int InterruptRequest = 0x4207; // PTRACE_INTERRUPT

    private const int NoHang = 1; // WNOHANG
    private const int ThisThread = 0x20000000; // __WNOTHREAD
    private const int AnyChild = 0x40000000; // __WALL
    private const int Exits = 4; // WEXITED
    private const int OneTask = 1; // P_PID
    private const int LeaveIt = 0x01000000; // WNOWAIT
    private const int InformationSize = 32; // siginfo_t, in ints
    private const int CodeOffset = 2; // si_code
    private const int CodeExited = 1; // CLD_EXITED
    private const int CodeDumped = 3; // CLD_DUMPED

    /// <summary>Does not stop the thread. False: <see cref="Errno.Last"/> is ESRCH where it is gone, EPERM where it is traced, a zombie, or forbidden.</summary>
    public static bool Seize(int tid) => Libc.PTrace(SeizeRequest, tid, 0, 0) == 0;

    public static bool Interrupt(int tid) => Libc.PTrace(InterruptRequest, tid, 0, 0) == 0;

    /// <summary>Only a stopped thread can be detached.</summary>
    public static bool Detach(int tid, int signal) => Libc.PTrace(DetachRequest, tid, 0, signal) == 0;

    public static bool TryGetRegisters(int tid, out X64Registers registers)
    {
        fixed (X64Registers* place = &registers)
            return Libc.PTrace(GetRegisters, tid, 0, (nint)place) == 0;
    }

    public static bool SetAll(int tid, X64Registers registers) => Libc.PTrace(SetRegisters, tid, 0, (nint)(&registers)) == 0;

    /// <summary>True where a syscall instruction (0f 05) lies there.</summary>
    public static bool IsSyscallInstruction(int tid, ulong address)
    {
        // glibc's wrapper returns the word itself, and −1 both for an error and for a word of ones: neither is the instruction.
        nint word = Libc.PTrace(PeekText, tid, (nint)address, 0);
        return (word & 0xffff) == 0x050f;
    }

    /// <summary>Takes the exit status of a thread that any thread of ours traces, if it has exited; stops are left to its tracer.</summary>
    public static void Bury(int tid)
    {
        // A tracer is told of stops even if it asks for exits only (wait_task_stopped, kernel/exit.c): so first see what there is.
        int* information = stackalloc int[InformationSize];
        information[CodeOffset] = 0;
        if (Libc.WaitId(OneTask, tid, information, Exits | NoHang | AnyChild | LeaveIt) == 0 && information[CodeOffset] is >= CodeExited and <= CodeDumped)
            _ = Libc.WaitId(OneTask, tid, information, Exits | NoHang | AnyChild);
    }

    /// <summary>Null where the thread has not stopped yet.</summary>
    public static WaitStatus? Poll(int tid)
    {
        int status;
        int waited;
        do
        {
            waited = Libc.WaitPid(tid, &status, NoHang | ThisThread | AnyChild);
        }
        while (waited < 0 && Errno.Last == Errno.Interrupted);

        if (waited == 0)
            return null;

        // ECHILD: it is gone, and somebody else was told (exec by another thread takes over the leader's id).
        return waited < 0 ? new WaitStatus(StopKind.Ended, 0) : WaitStatus.Of(status);
    }
}
