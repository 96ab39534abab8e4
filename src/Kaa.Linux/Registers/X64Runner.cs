using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Linux.Registers;

/// <summary>What a thread that is sent into <see cref="X64Runner"/> does there.</summary>
public enum RunnerMode
{
    /// <summary>Takes the GIL, runs the source, gives the GIL back: a thread that waits without it.</summary>
    Run = 0,

    /// <summary>Puts the source into the queue of pending calls: the main thread, between two instructions of the eval function.</summary>
    AddPending = 1,

    /// <summary>Raises the exception in the thread itself, which has the GIL.</summary>
    Throw = 2,

    /// <summary>The same for a thread that waits without the GIL.</summary>
    TakeAndThrow = 3,
}

/// <summary>
/// Code for a thread of the target that calls functions of CPython's C API, then waits for Kaa to put it back, and goes back by itself (rt_sigreturn) where
/// Kaa does not come. It lies in a mapping of its own: one page of code, then data. It touches errno and the vector registers as any C code does;
/// the first it restores itself, the others are in the signal frame.
/// </summary>
public static class X64Runner
{
    /// <summary>Bytes of the mapping.</summary>
    public const int Size = 0x10000;

    /// <summary>The page that is made executable.</summary>
    public const int CodeSize = 0x1000;

    /// <summary>Bytes that the source may have, with its NUL.</summary>
    public const int SourceSize = Size - SourceOffset;

    /// <summary>How much stack must be left below the thread's stack pointer.</summary>
    public const int StackUse = 64 << 10;

    private const int ProcessOffset = 0x1008;
    private const int FunctionsOffset = 0x1010;
    private const int NamesOffset = 0x1088;
    private const int LoopOffset = 0x10a0;
    private const int SlotOffset = 0x1100;
    private const int SlotSize = 0x80;
    private const int FrameOffset = 0x2000;
    private const int FrameSize = 0x1000;
    private const int SourceOffset = 0x4000;
    private const int Parked = 0x7b;

    private const int Phase = 4;
    private const int Mode = 8;
    private const int Result = 0xc;
    private const int Keep = 0x10;
    private const int Thrown = 0x14;
    private const int SignalFrame = 0x18;
    private const int Source = 0x20;
    private const int Ident = 0x28;
    private const int Exception = 0x30;
    private const int Pace = 0x38;

    // How long a thread that is done waits to be put back exactly: a Kaa that lives needs a millisecond, on a busy machine tens of them.
    private const long PaceSeconds = 1;

    /// <summary>
    /// rbx is the slot. Assembled from:
    /// <code>
    /// entry:  cld
    ///         call [errno]; mov r12, rax; mov r13d, [rax]
    ///         mov eax, [rbx+mode]; dec eax; je add; dec eax; je async
    ///         call [PyGILState_Ensure]; mov ebp, eax
    ///         cmp [rbx+mode], 0; jne 1f
    ///         mov rdi, rbx; call run; jmp 2f
    /// 1:      call throw
    /// 2:      mov edi, ebp; call [PyGILState_Release]; jmp finish
    /// add:    lea rdi, [run]; mov rsi, rbx; call [Py_AddPendingCall]; mov [rbx+result], eax; jmp finish
    /// async:  call throw
    /// finish: mov [r12], r13d
    ///         mov dword [rbx+phase], 1
    ///         pselect6(0, NULL, NULL, NULL, rbx+pace, NULL)
    /// parked: mov dword [rbx+phase], 2
    ///         mov rsp, [rbx+frame]; mov eax, 15; syscall; hlt       ; rt_sigreturn
    /// throw:  sub rsp, 8
    ///         PyThreadState_SetAsyncExc([rbx+ident], [rbx+exception]); mov [rbx+result], eax
    ///         add rsp, 8; ret
    /// run:    push rbx, rbp, r12, r13; sub rsp, 40; mov rbx, rdi   ; int run(slot), with the GIL
    ///         call begin; jne out
    ///         PyErr_Fetch(rsp, rsp+8, rsp+16)
    ///         r12 = [rbx+globals]; if there are none:
    ///           [rbx+globals] = r12 = PyDict_New(); if NULL goto restore
    ///           PyDict_SetItemString(r12, "__builtins__", PyEval_GetBuiltins())
    ///           PyDict_SetItemString(r12, "modules", PySys_GetObject("modules"))
    ///         PyRun_StringFlags([rbx+source], Py_file_input, r12, r12, NULL); Py_DecRef or nothing
    ///         PyErr_Clear()
    ///         if ([rbx+keep] == 0) { [rbx+globals] = NULL; PyDict_Clear(r12); Py_DecRef(r12) }
    /// restore: if ([rbx+thrown]) call clear
    ///         PyErr_Restore([rsp], [rsp+8], [rsp+16])
    ///         mov dword [rbx], 2
    /// out:    add rsp, 40; pop r13, r12, rbp, rbx; xor eax, eax; ret
    /// begin:  getpid(); cmp eax, [process]; jne 1f                    ; a child of fork has the queue of pending calls, too
    ///         lock cmpxchg [rbx], 0 → 1; je 1f
    ///         cmp eax, 3; jne 1f
    ///         mov dword [rbx], 2; test rbx, rbx                       ; it was withdrawn, and nothing comes by any more
    /// 1:      ret                                                     ; the zero flag: it has begun
    /// clear:  the exception may not have come yet, and the flag that says one waits is taken back by the eval loop only, when it raises one (ceval.c): so raise it here
    ///         push r12; sub rsp, 32; [rsp+28] = 8
    ///         r12 = PyDict_New(); if NULL goto none
    ///         PyThreadState_SetAsyncExc([rbx+ident], [rbx+exception])
    /// again:  PyRun_StringFlags(loop, Py_file_input, r12, r12, NULL)
    ///         PyErr_Fetch(rsp, rsp+8, rsp+16); PyErr_Restore([rsp], [rsp+8], [rsp+16]); PyErr_Clear()
    ///         if ([rsp] was [rbx+exception]) goto release         ; else a signal handler of the program has raised, or the loop was through before
    ///         if (--[rsp+28]) goto again
    ///         PyThreadState_SetAsyncExc([rbx+ident], NULL)
    /// release: Py_DecRef(r12); goto out
    /// none:   PyErr_Clear(); PyThreadState_SetAsyncExc([rbx+ident], NULL)
    /// out:    add rsp, 32; pop r12; ret
    /// </code>
    /// </summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0xfc, 0xff, 0x15, 0x09, 0x10, 0x00, 0x00, 0x49, 0x89, 0xc4, 0x44, 0x8b, 0x28, 0x8b, 0x43, 0x08, 0xff, 0xc8, 0x74, 0x2b, 0xff, 0xc8, 0x74, 0x3c,
        0xff, 0x15, 0xfa, 0x0f, 0x00, 0x00, 0x89, 0xc5, 0x83, 0x7b, 0x08, 0x00, 0x75, 0x0a, 0x48, 0x89, 0xdf, 0xe8, 0x7a, 0x00, 0x00, 0x00, 0xeb, 0x05,
        0xe8, 0x59, 0x00, 0x00, 0x00, 0x89, 0xef, 0xff, 0x15, 0xe3, 0x0f, 0x00, 0x00, 0xeb, 0x1a, 0x48, 0x8d, 0x3d, 0x62, 0x00, 0x00, 0x00, 0x48, 0x89,
        0xde, 0xff, 0x15, 0xd9, 0x0f, 0x00, 0x00, 0x89, 0x43, 0x0c, 0xeb, 0x05, 0xe8, 0x35, 0x00, 0x00, 0x00, 0x45, 0x89, 0x2c, 0x24, 0xc7, 0x43, 0x04,
        0x01, 0x00, 0x00, 0x00, 0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0x4c, 0x8d, 0x43, 0x38, 0x45, 0x31, 0xc9, 0xb8, 0x0e, 0x01, 0x00,
        0x00, 0x0f, 0x05, 0xc7, 0x43, 0x04, 0x02, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x63, 0x18, 0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xf4, 0x48, 0x83,
        0xec, 0x08, 0x48, 0x8b, 0x7b, 0x28, 0x48, 0x8b, 0x73, 0x30, 0xff, 0x15, 0xe0, 0x0f, 0x00, 0x00, 0x89, 0x43, 0x0c, 0x48, 0x83, 0xc4, 0x08, 0xc3,
        0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x48, 0x83, 0xec, 0x28, 0x48, 0x89, 0xfb, 0xe8, 0x02, 0x01, 0x00, 0x00, 0x0f, 0x85, 0xef, 0x00, 0x00, 0x00,
        0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x48, 0x8d, 0x3c, 0x24, 0x48, 0x8d, 0x74, 0x24, 0x08, 0x48, 0x8d, 0x54, 0x24, 0x10, 0xff, 0x15, 0x56, 0x0f,
        0x00, 0x00, 0x4c, 0x8b, 0x63, 0x48, 0x4d, 0x85, 0xe4, 0x75, 0x54, 0xff, 0x15, 0x57, 0x0f, 0x00, 0x00, 0x48, 0x85, 0xc0, 0x0f, 0x84, 0x91, 0x00,
        0x00, 0x00, 0x49, 0x89, 0xc4, 0x48, 0x89, 0x43, 0x48, 0xff, 0x15, 0x51, 0x0f, 0x00, 0x00, 0x48, 0x89, 0xc2, 0x48, 0x8d, 0x35, 0x7f, 0x0f, 0x00,
        0x00, 0x4c, 0x89, 0xe7, 0xff, 0x15, 0x36, 0x0f, 0x00, 0x00, 0x48, 0x8d, 0x3d, 0x7c, 0x0f, 0x00, 0x00, 0xff, 0x15, 0x39, 0x0f, 0x00, 0x00, 0x48,
        0x85, 0xc0, 0x74, 0x13, 0x48, 0x89, 0xc2, 0x48, 0x8d, 0x35, 0x67, 0x0f, 0x00, 0x00, 0x4c, 0x89, 0xe7, 0xff, 0x15, 0x11, 0x0f, 0x00, 0x00, 0x48,
        0x8b, 0x7b, 0x20, 0xbe, 0x01, 0x01, 0x00, 0x00, 0x4c, 0x89, 0xe2, 0x4c, 0x89, 0xe1, 0x45, 0x31, 0xc0, 0xff, 0x15, 0x11, 0x0f, 0x00, 0x00, 0x48,
        0x85, 0xc0, 0x74, 0x09, 0x48, 0x89, 0xc7, 0xff, 0x15, 0x0b, 0x0f, 0x00, 0x00, 0xff, 0x15, 0x0d, 0x0f, 0x00, 0x00, 0x83, 0x7b, 0x10, 0x00, 0x75,
        0x1a, 0x48, 0xc7, 0x43, 0x48, 0x00, 0x00, 0x00, 0x00, 0x4c, 0x89, 0xe7, 0xff, 0x15, 0xfe, 0x0e, 0x00, 0x00, 0x4c, 0x89, 0xe7, 0xff, 0x15, 0xe5,
        0x0e, 0x00, 0x00, 0x83, 0x7b, 0x14, 0x00, 0x74, 0x0c, 0xe8, 0x59, 0x00, 0x00, 0x00, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x48, 0x8b, 0x3c,
        0x24, 0x48, 0x8b, 0x74, 0x24, 0x08, 0x48, 0x8b, 0x54, 0x24, 0x10, 0xff, 0x15, 0x8f, 0x0e, 0x00, 0x00, 0xc7, 0x03, 0x02, 0x00, 0x00, 0x00, 0x48,
        0x83, 0xc4, 0x28, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0x31, 0xc0, 0xc3, 0xb8, 0x27, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x3b, 0x05, 0x3f, 0x0e, 0x00,
        0x00, 0x75, 0x1b, 0x31, 0xc0, 0xb9, 0x01, 0x00, 0x00, 0x00, 0xf0, 0x0f, 0xb1, 0x0b, 0x74, 0x0e, 0x83, 0xf8, 0x03, 0x75, 0x09, 0xc7, 0x03, 0x02,
        0x00, 0x00, 0x00, 0x48, 0x85, 0xdb, 0xc3, 0x41, 0x54, 0x48, 0x83, 0xec, 0x20, 0xff, 0x15, 0x4d, 0x0e, 0x00, 0x00, 0x49, 0x89, 0xc4, 0xc7, 0x44,
        0x24, 0x1c, 0x08, 0x00, 0x00, 0x00, 0x48, 0x85, 0xc0, 0x0f, 0x84, 0x88, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x7b, 0x28, 0x48, 0x8b, 0x73, 0x30, 0xff,
        0x15, 0x6b, 0x0e, 0x00, 0x00, 0x48, 0x8d, 0x3d, 0x84, 0x0e, 0x00, 0x00, 0xbe, 0x01, 0x01, 0x00, 0x00, 0x4c, 0x89, 0xe2, 0x4c, 0x89, 0xe1, 0x45,
        0x31, 0xc0, 0xff, 0x15, 0x30, 0x0e, 0x00, 0x00, 0x48, 0x8d, 0x3c, 0x24, 0x48, 0x8d, 0x74, 0x24, 0x08, 0x48, 0x8d, 0x54, 0x24, 0x10, 0xff, 0x15,
        0xec, 0x0d, 0x00, 0x00, 0x31, 0xc9, 0x48, 0x8b, 0x3c, 0x24, 0x48, 0x3b, 0x7b, 0x30, 0x0f, 0x95, 0xc1, 0x89, 0x4c, 0x24, 0x18, 0x48, 0x8b, 0x74,
        0x24, 0x08, 0x48, 0x8b, 0x54, 0x24, 0x10, 0xff, 0x15, 0xd3, 0x0d, 0x00, 0x00, 0xff, 0x15, 0x05, 0x0e, 0x00, 0x00, 0x83, 0x7c, 0x24, 0x18, 0x00,
        0x74, 0x12, 0xff, 0x4c, 0x24, 0x1c, 0x75, 0x9d, 0x48, 0x8b, 0x7b, 0x28, 0x31, 0xf6, 0xff, 0x15, 0xfc, 0x0d, 0x00, 0x00, 0x4c, 0x89, 0xe7, 0xff,
        0x15, 0xdb, 0x0d, 0x00, 0x00, 0xeb, 0x12, 0xff, 0x15, 0xdb, 0x0d, 0x00, 0x00, 0x48, 0x8b, 0x7b, 0x28, 0x31, 0xf6, 0xff, 0x15, 0xdf, 0x0d, 0x00,
        0x00, 0x48, 0x83, 0xc4, 0x20, 0x41, 0x5c, 0xc3,
    ];

    /// <summary>The functions that it calls, in the order of its table: the first is the C library's, which musl has too.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        "__errno_location", "PyGILState_Ensure", "PyGILState_Release", "Py_AddPendingCall", "PyErr_Fetch", "PyErr_Restore", "PyDict_New",
        "PyDict_SetItemString", "PyEval_GetBuiltins", "PySys_GetObject", "PyRun_StringFlags", "Py_DecRef", "PyErr_Clear", "PyDict_Clear",
        "PyThreadState_SetAsyncExc",
    ];

    /// <summary>What its data begins with, by which a later Kaa knows it again.</summary>
    public static ReadOnlySpan<byte> Mark => "KaaRuns1"u8;

    /// <summary>The page of code.</summary>
    public static ReadOnlySpan<byte> Text => Code;

    /// <summary>The first page of data.</summary>
    /// <param name="process">The process's own id, as it sees itself.</param>
    public static byte[] Data(IReadOnlyList<Address> functions, int process)
    {
        byte[] data = new byte[SlotOffset - CodeSize];
        Mark.CopyTo(data);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(ProcessOffset - CodeSize), process);
        for (int i = 0; i < functions.Count; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(FunctionsOffset - CodeSize + i * 8), functions[i].Value);
        "__builtins__\0modules\0"u8.CopyTo(data.AsSpan(NamesOffset - CodeSize));
        "i=0\nwhile i<9999:i+=1\n\0"u8.CopyTo(data.AsSpan(LoopOffset - CodeSize));
        return data;
    }

    public static Address DataOf(Address region) => region + CodeSize;

    /// <summary>Where the source is to be written, with a NUL behind it.</summary>
    public static Address SourceOf(Address region) => region + SourceOffset;

    /// <summary>Slot of what runs the source.</summary>
    public const int RunSlot = 0;

    /// <summary>Slot of what interrupts it.</summary>
    public const int InterruptSlot = 1;

    /// <param name="number"><see cref="RunSlot"/> or <see cref="InterruptSlot"/>.</param>
    public static Address Slot(Address region, int number) => region + (SlotOffset + number * SlotSize);

    /// <summary>Where the slot's signal frame is to be written.</summary>
    public static Address FrameOf(Address region, int number) => region + (FrameOffset + number * FrameSize);

    /// <summary>How much of <see cref="FrameOf"/> there is.</summary>
    public const int FrameRoom = FrameSize;

    /// <param name="stack">What rt_sigreturn finds in rsp.</param>
    /// <param name="keepsGlobals">The globals stay for the next run.</param>
    public static byte[] SlotBytes(Address region, RunnerMode mode, Address stack, bool keepsGlobals, ulong ident, Address exception)
    {
        byte[] slot = new byte[0x48];
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(Mode), (int)mode);
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(Keep), keepsGlobals ? 1 : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(SignalFrame), stack.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(Source), SourceOf(region).Value);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(Ident), ident);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(Exception), exception.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(Pace), PaceSeconds);
        return slot;
    }

    /// <summary>The registers that begin it, to be set all at once.</summary>
    public static X64Registers Start(Address region, int number, in X64Registers stopped) => stopped with
    {
        Rip = region.Value,
        Rbx = Slot(region, number).Value,
        OriginalRax = ulong.MaxValue,
        Rsp = unchecked(stopped.Rsp - 512 & ~63ul),
        Flags = 0x202, // interrupts allowed, direction upwards
    };

    /// <summary>True where a thread waits to be put back.</summary>
    public static bool IsParked(Address region, in X64Registers registers) => registers.Rip == region.Value + Parked || registers.Rip == region.Value + Parked - 2;

    /// <summary>True where an address is one of its code.</summary>
    public static bool Contains(Address region, ulong rip) => rip >= region.Value && rip < region.Value + CodeSize;

    public const int StateOffset = 0;

    /// <summary>Value of the state while the code runs.</summary>
    public const int RunningState = 1;

    /// <summary>And once it is over.</summary>
    public const int DoneState = 2;

    /// <summary>It shall not begin any more. What comes by then makes <see cref="DoneState"/> of it.</summary>
    public const int WithdrawnState = 3;

    public const int ModeOffset = Mode;
    public const int PhaseOffset = Phase;
    public const int ResultOffset = Result;
    public const int KeepOffset = Keep;
    public const int ThrownOffset = Thrown;
    public const int IdentOffset = Ident;
}
