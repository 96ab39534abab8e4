using Kaa.Linux.Calls;
using Kaa.Linux.Memory;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>The few ptrace requests that Kaa needs (include/uapi/linux/ptrace.h). All from the thread that seized.</summary>
public static unsafe class PTrace
{
    /// <summary>PTRACE_O_TRACESYSGOOD: stops at system calls can be told from SIGTRAP.</summary>
    public const int MarkCalls = 1;

    /// <summary>PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK, PTRACE_O_TRACECLONE: children are traced from their first moment on, by the same tracer.</summary>
    public const int TraceChildren = 2 | 4 | 8;

    /// <summary>PTRACE_O_TRACEEXEC</summary>
    public const int TraceExecs = 0x10;

    /// <summary>PTRACE_O_TRACEVFORKDONE</summary>
    public const int TraceVForkEnds = 0x20;

    /// <summary>What has made the child: <see cref="WaitStatus.Event"/> of <see cref="StopKind.Child"/>.</summary>
    public const int VForkEvent = 2; // PTRACE_EVENT_VFORK

    /// <inheritdoc cref="VForkEvent"/>
    public const int CloneEvent = 3; // PTRACE_EVENT_CLONE

    /// <summary>PTRACE_O_TRACEEXIT</summary>
    public const int TraceExits = 0x40;

    /// <summary>PTRACE_O_EXITKILL: it is killed when its tracer's thread ends.</summary>
    public const int KillAtExit = 0x100000;

    private const int ContinueRequest = 7; // PTRACE_CONT
    private const int StepRequest = 9; // PTRACE_SINGLESTEP
    private const int ListenRequest = 0x4208; // PTRACE_LISTEN
    private const int PeekText = 1; // PTRACE_PEEKTEXT
    private const int GetRegisters = 12; // PTRACE_GETREGS
    private const int SetRegisters = 13; // PTRACE_SETREGS
    private const int DetachRequest = 17; // PTRACE_DETACH
    private const int ToNextCall = 24; // PTRACE_SYSCALL
    private const int SetOptionsRequest = 0x4200; // PTRACE_SETOPTIONS
    private const int GetEventMessage = 0x4201; // PTRACE_GETEVENTMSG
    private const int GetSignalRequest = 0x4202; // PTRACE_GETSIGINFO
    private const int GetRegisterSetRequest = 0x4204; // PTRACE_GETREGSET
    private const int SetRegisterSetRequest = 0x4205; // PTRACE_SETREGSET
    private const int GetMaskRequest = 0x420a; // PTRACE_GETSIGMASK
    private const int SetMaskRequest = 0x420b; // PTRACE_SETSIGMASK
    private const int MaskSize = 8; // sigset_t of the kernel
    private const int GetRseqRequest = 0x420f; // PTRACE_GET_RSEQ_CONFIGURATION, Linux 5.13
    private const int SeizeRequest = 0x4206; // PTRACE_SEIZE
    private const int InterruptRequest = 0x4207; // PTRACE_INTERRUPT

    private const int NoHang = 1; // WNOHANG
    private const int ThisThread = 0x20000000; // __WNOTHREAD
    private const int AnyChild = 0x40000000; // __WALL
    private const int Exits = 4; // WEXITED
    private const int AnyTask = 0; // P_ALL
    private const int OneTask = 1; // P_PID
    private const int LeaveIt = 0x01000000; // WNOWAIT
    private const int InformationSize = 32; // siginfo_t, in ints
    private const int SignalInformationSize = 128; // siginfo_t
    private const int StatusOffset = 6; // si_status
    private const int CodeOffset = 2; // si_code
    private const int CodeExited = 1; // CLD_EXITED
    private const int CodeDumped = 3; // CLD_DUMPED

    /// <summary>Does not stop the thread. False: <see cref="Errno.Last"/> is ESRCH where it is gone, EPERM where it is traced, a zombie, or forbidden.</summary>
    /// <param name="options">As for <see cref="SetOptions"/>; from its first stop on.</param>
    public static bool Seize(int tid, int options = 0) => Libc.PTrace(SeizeRequest, tid, 0, options) == 0;

    public static bool Interrupt(int tid) => Libc.PTrace(InterruptRequest, tid, 0, 0) == 0;

    /// <summary>Only a stopped thread can be detached.</summary>
    public static bool Detach(int tid, int signal) => Libc.PTrace(DetachRequest, tid, 0, signal) == 0;

    public static bool TryGetRegisters(int tid, out X64Registers registers)
    {
        fixed (X64Registers* place = &registers)
            return Libc.PTrace(GetRegisters, tid, 0, (nint)place) == 0;
    }

    public static bool SetAll(int tid, X64Registers registers)
    {
        bool isSet = Libc.PTrace(SetRegisters, tid, 0, (nint)(&registers)) == 0;
        TargetPatch.Wrote();
        return isSet;
    }

    public static bool SetOptions(int tid, int options) => Libc.PTrace(SetOptionsRequest, tid, 0, options) == 0;

    /// <summary>Which signals a stopped thread blocks: bit n − 1 is signal n.</summary>
    public static bool TryGetSignalMask(int tid, out ulong mask)
    {
        fixed (ulong* place = &mask)
            return Libc.PTrace(GetMaskRequest, tid, MaskSize, (nint)place) == 0;
    }

    /// <summary>SIGKILL and SIGSTOP can't be blocked.</summary>
    public static bool SetSignalMask(int tid, ulong mask) => Libc.PTrace(SetMaskRequest, tid, MaskSize, (nint)(&mask)) == 0;

    /// <summary>Lets a stopped thread go on.</summary>
    /// <param name="signal">That is delivered to it; 0 for none.</param>
    public static bool Continue(int tid, int signal) => Libc.PTrace(ContinueRequest, tid, 0, signal) == 0;

    /// <summary>Lets a stopped thread make one instruction; it stops by SIGTRAP then.</summary>
    public static bool Step(int tid, int signal) => Libc.PTrace(StepRequest, tid, 0, signal) == 0;

    /// <summary>A thread in a group stop stays stopped, as it would untraced, and is told of SIGCONT.</summary>
    public static bool Listen(int tid) => Libc.PTrace(ListenRequest, tid, 0, 0) == 0;

    /// <summary>Lets a stopped thread go on up to its next entry into a system call or exit from one.</summary>
    public static bool ContinueToCall(int tid, int signal) => Libc.PTrace(ToNextCall, tid, 0, signal) == 0;

    /// <summary>At a stop of <see cref="StopKind.Child"/>: the child's id, as seen from here. Null where the thread is gone.</summary>
    public static int? ChildOf(int tid)
    {
        ulong message;
        return Libc.PTrace(GetEventMessage, tid, 0, (nint)(&message)) == 0 ? unchecked((int)message) : null;
    }

    /// <summary>One set of registers as a core's note holds it; gives how many bytes there are, 0 where the processor has none such.</summary>
    /// <param name="type">NT_PRSTATUS 1, NT_FPREGSET 2, NT_X86_XSTATE 0x202 (include/uapi/linux/elf.h).</param>
    public static int GetRegisterSet(int tid, int type, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            var vector = new IoVector { Base = (ulong)bytes, Length = (nuint)buffer.Length };
            return Libc.PTrace(GetRegisterSetRequest, tid, type, (nint)(&vector)) == 0 ? (int)vector.Length : 0;
        }
    }

    /// <summary>Gives a set back as <see cref="GetRegisterSet"/> read it.</summary>
    public static bool SetRegisterSet(int tid, int type, ReadOnlySpan<byte> set)
    {
        fixed (byte* bytes = set)
        {
            var vector = new IoVector { Base = (ulong)bytes, Length = (nuint)set.Length };
            return Libc.PTrace(SetRegisterSetRequest, tid, type, (nint)(&vector)) == 0;
        }
    }

    /// <summary>siginfo_t (128 bytes) of the signal that the thread stopped for; false where it stopped for none.</summary>
    public static bool TryGetSignal(int tid, Span<byte> information)
    {
        fixed (byte* bytes = information)
            return information.Length >= SignalInformationSize && Libc.PTrace(GetSignalRequest, tid, 0, (nint)bytes) == 0;
    }

    /// <summary>
    /// True where the signal that the thread has stopped for comes from an interval timer of its process (setitimer, alarm), or was one when Kaa sent it on. One of timer_create may be meant for this
    /// very thread (SIGEV_THREAD_ID), and one that was sent tells by whom.
    /// </summary>
    public static bool IsOfTimer(int tid)
    {
        Span<int> information = stackalloc int[SignalInformationSize / sizeof(int)];
        return TryGetSignal(tid, System.Runtime.InteropServices.MemoryMarshal.AsBytes(information)) && IsOfTimer(information, Environment.ProcessId);
    }

    /// <param name="information">siginfo_t.</param>
    /// <param name="self">Kaa's pid. In a pid namespace that can't see it, the kernel shows a sender as 0 (send_signal_locked, kernel/signal.c).</param>
    internal static bool IsOfTimer(ReadOnlySpan<int> information, int self)
    {
        const int CodePlace = 2; // si_code
        const int SenderPlace = 4; // si_pid
        const int Kernel = 0x80; // SI_KERNEL
        const int ThreadKill = -6; // SI_TKILL
        return information[CodePlace] == Kernel || (information[CodePlace] == ThreadKill && (information[SenderPlace] == self || information[SenderPlace] == 0));
    }

    /// <summary>Address of the thread's struct rseq (include/uapi/linux/rseq.h); 0 where it has none, null where the kernel does not say.</summary>
    public static ulong? RseqArea(int tid)
    {
        const int Size = 24; // struct ptrace_rseq_configuration
        ulong* configuration = stackalloc ulong[Size / sizeof(ulong)];
        return Libc.PTrace(GetRseqRequest, tid, Size, (nint)configuration) > 0 ? configuration[0] : null;
    }

    /// <summary>
    /// Tells the signals that wait for the process of a stopped thread, whoever is to take them, from those that waited at another time; 0 where there are none. Asked in half a microsecond, so just
    /// before the thread goes on.
    /// </summary>
    public static int SharedSignals(int tid)
    {
        const int Request = 0x4209; // PTRACE_PEEKSIGINFO
        const ulong Shared = 1; // PTRACE_PEEKSIGINFO_SHARED
        const int Most = 4;
        const int Told = 6; // ints of si_signo, si_code, and of whom it tells
        ulong* arguments = stackalloc ulong[2] { 0, Shared | (ulong)Most << 32 }; // struct ptrace_peeksiginfo_args: from the first on
        int* information = stackalloc int[InformationSize * Most];
        int count = (int)Libc.PTrace(Request, tid, (nint)arguments, (nint)information);
        if (count <= 0)
            return 0;
        var hash = default(HashCode);
        for (int i = 0; i < count; i++)
        {
            for (int word = 0; word < Told; word++)
                hash.Add(information[InformationSize * i + word]);
        }

        return hash.ToHashCode() | 1;
    }

    public static bool Kill(int pid) => Libc.Kill(pid, 9) == 0;

    /// <summary>
    /// One of the thread's seccomp filters, the innermost first, as instructions of eight bytes (struct sock_filter); null where there is no such, or it may
    /// not be read (it takes CAP_SYS_ADMIN, and no filter on Kaa itself): <see cref="Errno.Last"/> is ENOENT where there is none.
    /// </summary>
    public static byte[]? SeccompFilter(int tid, int index)
    {
        const int Request = 0x420c; // PTRACE_SECCOMP_GET_FILTER
        const int MostInstructions = 4096; // BPF_MAXINSNS
        nint count = Libc.PTrace(Request, tid, index, 0);
        if (count is <= 0 or > MostInstructions)
            return null;
        byte[] program = new byte[count * 8];
        fixed (byte* bytes = program)
            return Libc.PTrace(Request, tid, index, (nint)bytes) == count ? program : null;
    }

    /// <summary>Has a stopped thread make the call again that has just given EINTR, which no signal has caused: <see cref="SyscallRestart.NeedsRepair"/>.</summary>
    /// <returns>False where there is nothing to repair, or it can't be.</returns>
    public static bool TryRepair(int tid, in X64Registers registers) =>
        SyscallRestart.NeedsRepair(registers) && IsSyscallInstruction(tid, SyscallRestart.Instruction(registers).Value) && SetAll(tid, SyscallRestart.Repaired(registers));

    /// <summary>True where a syscall instruction (0f 05) lies there.</summary>
    public static bool IsSyscallInstruction(int tid, ulong address)
    {
        // glibc's wrapper returns the word itself, and −1 both for an error and for a word of ones: neither is the instruction.
        nint word = Libc.PTrace(PeekText, tid, (nint)address, 0);
        return (word & 0xffff) == 0x050f;
    }

    /// <summary>
    /// Whether any thread that this one traces has stopped or ended; it is left to <see cref="Poll"/> to take that. As long as it was not taken, the kernel still delivers
    /// the signal that a thread stopped for if Kaa dies (ptrace_stop and wait_task_stopped, kernel/signal.c and exit.c).
    /// </summary>
    /// <returns>Its tid; 0 where there is none, −1 where nobody is traced.</returns>
    public static int PeekAny(out WaitStatus status) => Peek(AnyTask, 0, out status);

    /// <summary>The same of one thread; false where it runs.</summary>
    public static bool Peek(int tid, out WaitStatus status) => Peek(OneTask, tid, out status) == tid;

    private static int Peek(int kind, int id, out WaitStatus status)
    {
        const int Stops = 2; // WSTOPPED
        const int PidOffset = 4; // si_pid
        int* information = stackalloc int[InformationSize];
        information[PidOffset] = 0;
        int failed;
        do
            failed = Libc.WaitId(kind, id, information, Exits | Stops | NoHang | LeaveIt | AnyChild | ThisThread);
        while (failed < 0 && Errno.Last == Errno.Interrupted);
        status = default;
        if (failed < 0)
            return -1;
        if (information[PidOffset] is not (> 0 and int tid))
            return 0;
        int told = information[StatusOffset];
        status = WaitStatus.Of(information[CodeOffset] switch { CodeExited => told << 8, > CodeExited and <= CodeDumped => told, _ => told << 8 | 0x7f });
        return tid;
    }

    /// <summary>Takes the exit status of a thread that any thread of ours traces, if it has exited; stops are left to its tracer.</summary>
    public static void Bury(int tid)
    {
        // A tracer is told of stops even if it asks for exits only (wait_task_stopped, kernel/exit.c): so first see what there is.
        int* information = stackalloc int[InformationSize];
        information[CodeOffset] = 0;
        if (Libc.WaitId(OneTask, tid, information, Exits | NoHang | AnyChild | LeaveIt) == 0 && information[CodeOffset] is >= CodeExited and <= CodeDumped
            && Libc.WaitId(OneTask, tid, information, Exits | NoHang | AnyChild) == 0)
            LaunchedEnd.Note(tid, WaitStatus.Of(information[CodeOffset] == CodeExited ? information[StatusOffset] << 8 : information[StatusOffset]));
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
        if (waited < 0)
            return new WaitStatus(StopKind.Ended, 0);
        WaitStatus told = WaitStatus.Of(status);
        LaunchedEnd.Note(tid, told);
        return told;
    }
}
