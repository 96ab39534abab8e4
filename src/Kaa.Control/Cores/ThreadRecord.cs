using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Cores;

/// <summary>What a core says of one thread.</summary>
internal sealed class ThreadRecord
{
    private const int FloatingPoint = 2; // NT_FPREGSET
    private const int ExtendedState = 0x202; // NT_X86_XSTATE
    private const int FloatingPointSize = 512;
    private const int SignalSize = 128;
    private const ulong UserCode = 0x33;
    private const ulong UserData = 0x2b;
    private const ulong SomeFlags = 0x246;
    private const int Restart = -512; // ERESTARTSYS: it was in a system call

    // Zeros would look like null pointers of the program's own: this is an address of nothing, and shows as what it is.
    private const ulong Unknown = 0xbad0_bad0_bad0_bad0;

    private readonly TargetThread _thread;
    private readonly ThreadState _state;
    private readonly int _signal;
    private readonly byte[] _registers;
    private readonly byte[] _float;
    private readonly byte[] _extended;
    private readonly byte[] _information;
    private readonly ProcessStatus? _status;

    private ThreadRecord(ThreadSight sight, TaskDirectory tasks, ThreadPointers pointers, byte[] scratch)
    {
        _thread = sight.ToThread();
        _status = tasks.Status(sight.Tid);
        Tracee? tracee = sight.IsStopped && sight.Tracee!.HasRegisters ? sight.Tracee : null;
        IsPartial = tracee is null;
        _state = tracee?.Status.Kind == StopKind.Group ? ThreadState.Stopped : _thread.State;
        _registers = MemoryMarshal.AsBytes<X64Registers>([tracee?.Registers ?? Partial(_thread, pointers.Of(sight.Tid))]).ToArray();
        _float = tracee is null ? [] : RegisterSet(tracee.Tid, FloatingPoint, scratch.AsSpan(0, FloatingPointSize));
        _extended = tracee is null ? [] : RegisterSet(tracee.Tid, ExtendedState, scratch);
        _signal = tracee?.Status.Kind is StopKind.Signal or StopKind.Group ? tracee.Status.Signal : 0;
        _information = _signal == 0 ? [] : SignalOf(tracee!, scratch.AsSpan(0, SignalSize));
    }

    /// <summary>It was not stopped: where it is and its system call are all that is known.</summary>
    public bool IsPartial { get; }

    /// <summary>It was left to sleep, so there is no more to be known of it than is.</summary>
    public bool IsAsleep => IsPartial && !_thread.StoppedByKaa && _thread.Call is not null;

    public int Tid => _thread.Tid;

    /// <param name="pointers">Asked of threads that are not stopped.</param>
    /// <param name="scratch">Large enough for all of a thread's registers.</param>
    public static ThreadRecord Take(ThreadSight sight, TaskDirectory tasks, ThreadPointers pointers, byte[] scratch) => new(sight, tasks, pointers, scratch);

    public void WriteTo(CoreNoteWriter notes, CoreWriterProcess process)
    {
        ulong pending = (_status?.PendingSignals ?? 0) | (_status?.SharedPendingSignals ?? 0);
        notes.Thread(new CoreWriterThread(Tid, _signal, pending, _status?.BlockedSignals ?? 0), process, _registers, _float.Length > 0);
        if (_information.Length > 0)
            notes.Signal(_information);
        if (_float.Length > 0)
            notes.Float(_float);
        if (_extended.Length > 0)
            notes.Extended(_extended);
    }

    public KaaNoteThread ToNote() => new(Tid, _thread.NamespaceTid, _thread.Name ?? "", StateOf(_state), IsPartial);

    private static string StateOf(ThreadState state) => state switch
    {
        ThreadState.Running => "running",
        ThreadState.Sleeping => "sleeping",
        ThreadState.Uninterruptible => "uninterruptible",
        ThreadState.Stopped => "stopped",
        ThreadState.Zombie => "zombie",
        _ => "unknown",
    };

    private static byte[] RegisterSet(int tid, int type, Span<byte> scratch) => scratch[..PTrace.GetRegisterSet(tid, type, scratch)].ToArray();

    /// <summary>A stop of the whole process has no siginfo_t: it is told by the signal's number alone.</summary>
    private static byte[] SignalOf(Tracee tracee, Span<byte> scratch)
    {
        if (tracee.Status.Kind == StopKind.Signal && PTrace.TryGetSignal(tracee.Tid, scratch))
            return scratch.ToArray();
        byte[] information = new byte[SignalSize];
        BinaryPrimitives.WriteInt32LittleEndian(information, tracee.Status.Signal);
        return information;
    }

    private static X64Registers Partial(TargetThread thread, Address? pointer)
    {
        var registers = new X64Registers
        {
            Rbx = Unknown,
            Rbp = Unknown,
            R12 = Unknown,
            R13 = Unknown,
            R14 = Unknown,
            R15 = Unknown,
            Rip = thread.InstructionPointer?.Value ?? 0,
            Rsp = thread.StackPointer?.Value ?? 0,

            // The syscall instruction keeps the two others there (Intel SDM, SYSCALL).
            Rcx = thread.InstructionPointer?.Value ?? 0,
            R11 = SomeFlags,
            OriginalRax = ulong.MaxValue,
            FsBase = pointer?.Value ?? 0,
            Cs = UserCode,
            Ss = UserData,
            Flags = SomeFlags,
        };
        if (thread.Call is not { Number: >= 0 } call)
            return registers;
        return registers with
        {
            OriginalRax = (ulong)call.Number,
            Rax = unchecked((ulong)Restart),
            Rdi = call.Arg0,
            Rsi = call.Arg1,
            Rdx = call.Arg2,
            R10 = call.Arg3,
            R8 = call.Arg4,
            R9 = call.Arg5,
        };
    }
}
