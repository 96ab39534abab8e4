using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kaa.Formats;

namespace Kaa.Linux.Registers;

/// <summary>One system call that a thread of the target makes: x86-64 number and arguments.</summary>
/// <param name="MakesChild">Where it returns 0 we are in a new process, which goes on with the child's calls.</param>
public readonly record struct RemoteCall(
    int Number, ulong Arg0 = 0, ulong Arg1 = 0, ulong Arg2 = 0, ulong Arg3 = 0, ulong Arg4 = 0, ulong Arg5 = 0, bool MakesChild = false)
{
    /// <summary>Its result may be an argument of later calls: a descriptor that is opened, used and closed, whatever becomes of Kaa meanwhile.</summary>
    public bool KeepsResult { get; init; }

    /// <summary>The first argument is the result that was kept.</summary>
    public bool TakesResultFirst { get; init; }

    /// <summary>The fifth argument is the result that was kept.</summary>
    public bool TakesResultFifth { get; init; }

    internal ulong Flags => (MakesChild ? 1ul : 0) | (KeepsResult ? 2ul : 0) | (TakesResultFirst ? 4ul : 0) | (TakesResultFifth ? 8ul : 0);
}

/// <summary>
/// Code for a thread of the target that makes a table of system calls and then goes back to where the thread was, by itself: whoever
/// started it may be killed at any moment. Everything that it needs lies in its own bytes, which the thread can't write. It calls nothing, returns from
/// nothing, and touches no register but the general ones. A child that one of the calls makes never gets to the program's own code: it makes
/// calls of its own, the last of which ends it.
/// </summary>
public static class X64CallStub
{
    /// <summary>Bytes that it takes.</summary>
    public const int Size = 0x600;

    /// <summary>Calls of the table.</summary>
    public const int MostCalls = 7;

    /// <summary>Calls of a child's table.</summary>
    public const int MostChildCalls = 6;

    private const int CodeOffset = 0x10;
    private const int RegistersOffset = 0x140; // r15 … rdi as user_regs_struct has them, then rip, flags, rsp
    private const int MaskOffset = 0x1d0;
    private const int NameOffset = 0x1d8;
    private const int NameSize = 16;
    private const int CallsOffset = 0x200;
    private const int ChildCallsOffset = 0x440;
    private const int CallSize = 64;

    // Below the red zone (System V ABI, 3.2.2), and a cache line apart from it.
    private const ulong BelowStack = 192;
    private const ulong ScratchSize = 64;

    /// <summary>How much of the stack it may take, without signal handlers, from the stack pointer downwards.</summary>
    public const int StackUse = 512;

    private const ulong UserCode = 0x33; // __USER_CS: 64-bit code
    private const ulong SafeFlags = 0x202; // interrupts allowed, direction upwards

    /// <summary>
    /// <code>
    ///        lea  rbx, [calls]            ; 10
    ///        xor  r12d, r12d
    ///        xor  r13d, r13d
    /// next:  mov  rax, [rbx]              ; 1d
    ///        test rax, rax
    ///        js   done
    ///        mov  rdi, [rbx+8]  …         ; rsi, rdx, r10, r8, r9
    ///        mov  rbp, [rbx+56]
    ///        test bpl, 4
    ///        cmovnz rdi, r13
    ///        test bpl, 8
    ///        cmovnz r8, r13
    ///        syscall                      ; 51
    ///        test bpl, 2
    ///        cmovnz r13, rax
    ///        test rax, rax
    ///        jnz  advance
    ///        test bpl, 1
    ///        jz   advance
    ///        mov  r12d, 1                 ; in the child
    ///        lea  rbx, [childCalls]
    ///        jmp  next
    /// advance: add rbx, 64
    ///        jmp  next
    /// done:  test r12d, r12d
    ///        jz   restore
    ///        hlt                          ; a child that could not end: now it does
    /// restore: push [flags]
    ///        mov  r15, [registers] …      ; all general ones
    ///        popfq
    ///        mov  rsp, [registers+136]
    ///        jmp  [registers+120]
    /// </code>
    /// </summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0x48, 0x8d, 0x1d, 0xe9, 0x01, 0x00, 0x00, 0x45, 0x31, 0xe4, 0x45, 0x31, 0xed, 0x48, 0x8b, 0x03, 0x48, 0x85, 0xc0, 0x78, 0x56, 0x48, 0x8b, 0x7b,
        0x08, 0x48, 0x8b, 0x73, 0x10, 0x48, 0x8b, 0x53, 0x18, 0x4c, 0x8b, 0x53, 0x20, 0x4c, 0x8b, 0x43, 0x28, 0x4c, 0x8b, 0x4b, 0x30, 0x48, 0x8b, 0x6b,
        0x38, 0x40, 0xf6, 0xc5, 0x04, 0x49, 0x0f, 0x45, 0xfd, 0x40, 0xf6, 0xc5, 0x08, 0x4d, 0x0f, 0x45, 0xc5, 0x0f, 0x05, 0x40, 0xf6, 0xc5, 0x02, 0x4c,
        0x0f, 0x45, 0xe8, 0x48, 0x85, 0xc0, 0x75, 0x15, 0x40, 0xf6, 0xc5, 0x01, 0x74, 0x0f, 0x41, 0xbc, 0x01, 0x00, 0x00, 0x00, 0x48, 0x8d, 0x1d, 0xcd,
        0x03, 0x00, 0x00, 0xeb, 0xa8, 0x48, 0x83, 0xc3, 0x40, 0xeb, 0xa2, 0x45, 0x85, 0xe4, 0x74, 0x01, 0xf4, 0xff, 0x35, 0x39, 0x01, 0x00, 0x00, 0x4c,
        0x8b, 0x3d, 0xb2, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x35, 0xb3, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x2d, 0xb4, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x25, 0xb5,
        0x00, 0x00, 0x00, 0x48, 0x8b, 0x2d, 0xb6, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x1d, 0xb7, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x1d, 0xb8, 0x00, 0x00, 0x00,
        0x4c, 0x8b, 0x15, 0xb9, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x0d, 0xba, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x05, 0xbb, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x05,
        0xbc, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x0d, 0xbd, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x15, 0xbe, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x35, 0xbf, 0x00, 0x00,
        0x00, 0x48, 0x8b, 0x3d, 0xc0, 0x00, 0x00, 0x00, 0x9d, 0x48, 0x8b, 0x25, 0xd0, 0x00, 0x00, 0x00, 0xff, 0x25, 0xba, 0x00, 0x00, 0x00,
    ];

    /// <summary>What its first bytes are, by which a later Kaa knows it again.</summary>
    public static ReadOnlySpan<byte> Mark => "KaaCalls"u8;

    /// <summary>Behind the instruction by which all its calls are made.</summary>
    public static Address CallEnd(Address stub) => stub + 0x53;

    /// <summary>Of the text that <see cref="Build"/> was given.</summary>
    public static Address Name(Address stub) => stub + NameOffset;

    /// <summary>64 bytes of the thread's stack that the calls may write to. Below it lie the stub's own.</summary>
    public static Address Scratch(in X64Registers stopped) => new(unchecked(StackBelow(stopped)));

    /// <summary>True where an address is one that the thread could have while it is in the stub.</summary>
    public static bool Contains(Address stub, ulong rip) => rip >= stub.Value && rip < stub.Value + Size;

    /// <summary>True where the thread runs 64-bit code.</summary>
    public static bool IsSupported(in X64Registers registers) => registers.Cs == UserCode;

    /// <summary>
    /// The bytes. The registers are those with which the thread goes on in the end: a system call that it was taken out of is set up to be
    /// made again. So is the mask of signals: whoever starts the stub blocks them all, and its last call lets them through again.
    /// </summary>
    /// <param name="mask">The signals that the thread blocks.</param>
    /// <param name="name">A text that calls can point to; cut after 15 bytes.</param>
    public static byte[] Build(
        Address place, in X64Registers stopped, ulong mask, IReadOnlyList<RemoteCall> calls, IReadOnlyList<RemoteCall> childCalls, ReadOnlySpan<byte> name)
    {
        if (calls.Count > MostCalls || childCalls.Count > MostChildCalls)
            throw new ArgumentException("too many calls", nameof(calls));
        byte[] stub = new byte[Size];
        Mark.CopyTo(stub);
        Code.CopyTo(stub.AsSpan(CodeOffset));
        X64Registers restored = SyscallRestart.Restarted(stopped);
        MemoryMarshal.Cast<X64Registers, byte>([restored])[..120].CopyTo(stub.AsSpan(RegistersOffset));
        Put(stub, RegistersOffset + 120, restored.Rip);
        Put(stub, RegistersOffset + 128, restored.Flags);
        Put(stub, RegistersOffset + 136, restored.Rsp);
        Put(stub, MaskOffset, mask);
        name[..Math.Min(name.Length, NameSize - 1)].CopyTo(stub.AsSpan(NameOffset));
        WriteCalls(stub.AsSpan(CallsOffset), [.. calls, Unblock(place)]);
        WriteCalls(stub.AsSpan(ChildCallsOffset), childCalls);
        return stub;
    }

    /// <summary>The registers that begin it, to be set all at once.</summary>
    public static X64Registers Start(Address stub, in X64Registers stopped) => stopped with
    {
        Rip = stub.Value + CodeOffset,
        OriginalRax = ulong.MaxValue,
        Rsp = StackBelow(stopped),
        Flags = SafeFlags,
    };

    /// <summary>rt_sigprocmask(SIG_SETMASK, mask, NULL, 8): the last of the calls.</summary>
    public static RemoteCall Unblock(Address stub) => new(14, 2, stub.Value + MaskOffset, 0, 8);

    private static ulong StackBelow(in X64Registers stopped) => unchecked((stopped.Rsp - BelowStack & ~63ul) - ScratchSize);

    private static void WriteCalls(Span<byte> table, IReadOnlyList<RemoteCall> calls)
    {
        for (int i = 0; i < calls.Count; i++)
        {
            RemoteCall call = calls[i];
            ReadOnlySpan<ulong> words =
                [(ulong)call.Number, call.Arg0, call.Arg1, call.Arg2, call.Arg3, call.Arg4, call.Arg5, call.Flags];
            MemoryMarshal.AsBytes(words).CopyTo(table[(i * CallSize)..]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(table[(calls.Count * CallSize)..], ulong.MaxValue);
    }

    private static void Put(byte[] stub, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(stub.AsSpan(offset), value);
}
