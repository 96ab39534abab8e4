using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Linux.Registers;

/// <summary>
/// Code for a thread of the target that calls one function by the calling convention (System V ABI, 3.2.3), then waits for Kaa to put it back, and goes back by itself (rt_sigreturn) where
/// Kaa does not come: at the end of a second, or because it was killed. It lies in a mapping of its own: a page of code, then data. errno is as it was before.
/// </summary>
public static class X64Caller
{
    /// <summary>Bytes of the mapping.</summary>
    public const int Size = 0x8000;

    /// <summary>The page that is made executable.</summary>
    public const int CodeSize = 0x1000;

    /// <summary>How much stack must be left below the thread's stack pointer.</summary>
    public const int StackUse = 64 << 10;

    /// <summary>Arguments that go into general registers.</summary>
    public const int MostIntegers = 6;

    /// <summary>Arguments that go into vector registers.</summary>
    public const int MostReals = 8;

    /// <summary>Bytes for what arguments point to.</summary>
    public const int ScratchSize = Size - ScratchOffset;

    private const int SlotOffset = 0x1000;
    private const int FrameOffset = 0x1400;
    private const int ScratchOffset = 0x2000;

    private const int Result = 8;
    private const int Real = 16;
    private const int Left = 24;
    private const int Frame = 32;
    private const int Pace = 40;
    private const int Errno = 56;
    private const int Function = 64;
    private const int Vectors = 72;
    private const int Integers = 80;
    private const int Reals = 128;
    private const int SlotSize = 192;

    // How long a thread that is done waits to be put back exactly.
    private const long PaceSeconds = 1;

    /// <summary>
    /// rbx is the slot. Assembled from:
    /// <code>
    ///         cld; xor r12d, r12d
    ///         rax = [rbx+errno]; if there is one: call rax; mov r12, rax; mov r13d, [rax]
    ///         movq xmm0 … xmm7, [rbx+reals …]
    ///         mov rdi, rsi, rdx, rcx, r8, r9, [rbx+integers …]
    ///         mov eax, [rbx+vectors]; call [rbx+function]
    ///         mov [rbx+result], rax; movq [rbx+real], xmm0
    ///         if r12: mov eax, [r12]; mov [rbx+left], eax; mov [r12], r13d
    ///         mov dword [rbx], 1
    ///         pselect6(0, NULL, NULL, NULL, rbx+pace, NULL)
    ///         mov dword [rbx], 2
    ///         mov rsp, [rbx+frame]; mov eax, 15; syscall; hlt       ; rt_sigreturn
    /// </code>
    /// </summary>
    public static ReadOnlySpan<byte> Text =>
    [
        0xfc, 0x45, 0x31, 0xe4, 0x48, 0x8b, 0x43, 0x38, 0x48, 0x85, 0xc0, 0x74, 0x08, 0xff, 0xd0, 0x49, 0x89, 0xc4, 0x44, 0x8b, 0x28, 0xf3, 0x0f, 0x7e,
        0x83, 0x80, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e, 0x8b, 0x88, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e, 0x93, 0x90, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e,
        0x9b, 0x98, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e, 0xa3, 0xa0, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e, 0xab, 0xa8, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e,
        0xb3, 0xb0, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x7e, 0xbb, 0xb8, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x7b, 0x50, 0x48, 0x8b, 0x73, 0x58, 0x48, 0x8b, 0x53,
        0x60, 0x48, 0x8b, 0x4b, 0x68, 0x4c, 0x8b, 0x43, 0x70, 0x4c, 0x8b, 0x4b, 0x78, 0x8b, 0x43, 0x48, 0xff, 0x53, 0x40, 0x48, 0x89, 0x43, 0x08, 0x66,
        0x0f, 0xd6, 0x43, 0x10, 0x4d, 0x85, 0xe4, 0x74, 0x0b, 0x41, 0x8b, 0x04, 0x24, 0x89, 0x43, 0x18, 0x45, 0x89, 0x2c, 0x24, 0xc7, 0x03, 0x01, 0x00,
        0x00, 0x00, 0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0x4c, 0x8d, 0x43, 0x28, 0x45, 0x31, 0xc9, 0xb8, 0x0e, 0x01, 0x00, 0x00, 0x0f,
        0x05, 0xc7, 0x03, 0x02, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x63, 0x20, 0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xf4,
    ];

    public static Address SlotOf(Address region) => region + SlotOffset;

    /// <summary>Where the signal frame is to be written.</summary>
    public static Address FrameOf(Address region) => region + FrameOffset;

    public static Address ScratchOf(Address region) => region + ScratchOffset;

    /// <param name="errno">Of the C library's function that gives errno's place; null address where there is none.</param>
    public static byte[] SlotBytes(Address region, Address errno, Address function, IReadOnlyList<ulong> integers, IReadOnlyList<double> reals)
    {
        if (integers.Count > MostIntegers || reals.Count > MostReals)
            throw new ArgumentException("too many arguments", nameof(integers));
        byte[] slot = new byte[SlotSize];
        Put(slot, Frame, FrameOf(region).Value);
        Put(slot, Pace, PaceSeconds);
        Put(slot, Errno, errno.Value);
        Put(slot, Function, function.Value);
        Put(slot, Vectors, (ulong)reals.Count);
        for (int i = 0; i < integers.Count; i++)
            Put(slot, Integers + i * 8, integers[i]);
        for (int i = 0; i < reals.Count; i++)
            Put(slot, Reals + i * 8, BitConverter.DoubleToUInt64Bits(reals[i]));
        return slot;
    }

    /// <summary>The registers that begin it, to be set all at once.</summary>
    public static X64Registers Start(Address region, in X64Registers stopped) => stopped with
    {
        Rip = region.Value,
        Rbx = SlotOf(region).Value,
        OriginalRax = ulong.MaxValue,
        Rsp = unchecked(stopped.Rsp - 512 & ~63ul),
        Flags = 0x202, // interrupts allowed, direction upwards
    };

    /// <summary>True where an address is one of its code.</summary>
    public static bool Contains(Address region, ulong rip) => rip >= region.Value && rip < region.Value + CodeSize;

    /// <summary>What <see cref="SlotOf"/> holds.</summary>
    public static CallerState Read(ReadOnlySpan<byte> slot) => new(
        (CallerPhase)BinaryPrimitives.ReadInt32LittleEndian(slot), BinaryPrimitives.ReadUInt64LittleEndian(slot[Result..]),
        BitConverter.UInt64BitsToDouble(BinaryPrimitives.ReadUInt64LittleEndian(slot[Real..])), BinaryPrimitives.ReadInt32LittleEndian(slot[Left..]));

    /// <summary>Bytes of a slot that <see cref="Read"/> needs.</summary>
    public const int StateSize = Left + 4;

    private static void Put(byte[] slot, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(offset), value);
}

public enum CallerPhase
{
    /// <summary>In the function, or on the way to it.</summary>
    Calling = 0,

    /// <summary>It has returned, and the thread waits to be put back.</summary>
    Waiting = 1,

    /// <summary>The thread is on its way back by itself, or there already.</summary>
    Gone = 2,
}

/// <param name="Result">rax.</param>
/// <param name="Real">xmm0.</param>
/// <param name="Error">errno as the function left it.</param>
public readonly record struct CallerState(CallerPhase Phase, ulong Result, double Real, int Error);
