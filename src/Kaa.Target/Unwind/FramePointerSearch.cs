using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// Works out rbp of a function that keeps a frame pointer, for a thread that sleeps and was not stopped: its first instructions say how far
/// above the stack pointer the frame begins. That is believed only where a return address lies there, behind a call that leads to
/// this very function, or a call through a pointer.
/// </summary>
internal sealed class FramePointerSearch(IMemory memory, IUnwindSource source)
{
    private const int PrologueBytes = 96;
    private const int Word = 8;
    private const byte DirectCall = 0xe8;
    private const int DirectCallLength = 5;
    private const int LongestCall = 7;
    private const byte RexW = 0x48;
    private const int LongestReservation = 8;

    /// <summary>mov %rsp,%rbp.</summary>
    private static ReadOnlySpan<byte> SetFrame => [0x48, 0x89, 0xe5];

    /// <summary>endbr64, where a call through a pointer may lead.</summary>
    private static ReadOnlySpan<byte> Landing => [0xf3, 0x0f, 0x1e, 0xfa];

    public ulong? Find(X64Registers current, UnwindRow row)
    {
        if (current[X64Registers.Rsp] is not { } rsp || row.CfaOffset != 2 * Word)
            return null;
        Span<byte> code = stackalloc byte[PrologueBytes];
        code = code[..memory.Read(row.Start, code)];
        if (Reserved(code) is not { } reserved)
            return null;

        // Other registers are pushed below rbp before that, or stored into what was reserved.
        Address pushed = new Address(rsp) + reserved + (PushedBelow(row) * Word);
        if (IsFrame(pushed, row))
            return pushed.Value;
        Address stored = new Address(rsp) + reserved;
        return IsFrame(stored, row) ? stored.Value : null;
    }

    private bool IsFrame(Address rbp, UnwindRow row) =>
        memory.TryReadPointer(rbp + Word, out Address back) && (IsBehindCallOf(back, row) || (IsBehindCall(back) && IsOneOfAChain(rbp)));

    /// <summary>
    /// The saved rbp is that of a frame further out. It takes the place of the proof by the call's target where a function was entered by a
    /// jump (the handlers of a tail-call interpreter).
    /// </summary>
    private bool IsOneOfAChain(Address rbp)
    {
        const int FarthestCaller = 1 << 20;
        return memory.TryReadPointer(rbp, out Address outer) && outer > rbp && outer - rbp < FarthestCaller && (outer.Value & 7) == 0
            && memory.TryReadPointer(outer + Word, out Address back) && IsBehindCall(back);
    }

    /// <summary>How many registers lie saved right below the frame pointer.</summary>
    private static int PushedBelow(UnwindRow row)
    {
        long lowest = -2 * Word;
        foreach (UnwindRule rule in row.Rules)
        {
            if (rule.Kind == UnwindRuleKind.Offset)
                lowest = Math.Min(lowest, rule.Value);
        }

        return (int)((-lowest / Word) - 2);
    }

    /// <summary>What is taken off the stack pointer behind <c>push %rbp; mov %rsp,%rbp</c>; null where it does not begin so.</summary>
    private static ulong? Reserved(ReadOnlySpan<byte> code)
    {
        const byte PushRbp = 0x55;
        int start = code.StartsWith(Landing) ? Landing.Length : 0;
        int set = code.IndexOf(SetFrame);
        if (code.Length <= start || code[start] != PushRbp || set < 0)
            return null;
        ReadOnlySpan<byte> rest = code[(set + SetFrame.Length)..];
        for (int i = 0; i + LongestReservation <= rest.Length; i++)
        {
            if (rest[i] == RexW && ReservedBy(rest[(i + 1)..]) is { } reserved)
                return reserved;
        }

        return 0;
    }

    /// <param name="code">Behind the REX prefix.</param>
    private static ulong? ReservedBy(ReadOnlySpan<byte> code) => (code[0], code[1], code[2]) switch
    {
        (0x83, 0xec, _) => code[2], // sub $imm8,%rsp
        (0x81, 0xec, _) => BinaryPrimitives.ReadUInt32LittleEndian(code[2..]), // sub $imm32,%rsp
        (0x8d, 0x64, 0x24) => unchecked((ulong)-(sbyte)code[3]), // lea -disp8(%rsp),%rsp
        (0x8d, 0xa4, 0x24) => unchecked((ulong)-(long)BinaryPrimitives.ReadInt32LittleEndian(code[3..])), // lea -disp32(%rsp),%rsp
        _ => null,
    };

    private bool IsBehindCallOf(Address back, UnwindRow row)
    {
        Span<byte> code = stackalloc byte[LongestCall];
        if (!source.IsCode(back) || !memory.TryReadExactly(back - code.Length, code) || code[^DirectCallLength] != DirectCall)
            return false;
        Address called = back + BinaryPrimitives.ReadInt32LittleEndian(code[^4..]);
        return called == row.Start || JumpTarget(called) == row.Start;
    }

    private bool IsBehindCall(Address back)
    {
        Span<byte> code = stackalloc byte[LongestCall];
        return source.IsCode(back) && memory.TryReadExactly(back - code.Length, code)
            && (code[^DirectCallLength] == DirectCall || IsCallThroughPointer(code));
    }

    /// <summary>Where a stub of the procedure linkage table jumps to: <c>jmp *disp(%rip)</c>, with endbr64 and bnd before it in some.</summary>
    private Address? JumpTarget(Address stub)
    {
        Span<byte> code = stackalloc byte[12];
        if (!memory.TryReadExactly(stub, code))
            return null;
        int at = code.StartsWith(Landing) ? Landing.Length : 0;
        at += code[at] == 0xf2 ? 1 : 0;
        if (code[at] != 0xff || code[at + 1] != 0x25)
            return null;
        Address slot = stub + at + 6 + BinaryPrimitives.ReadInt32LittleEndian(code[(at + 2)..]);
        return memory.TryReadPointer(slot, out Address target) ? target : null;
    }

    /// <summary>ff /2 in one of its lengths: register, memory with no, a short or a long displacement, with or without SIB and REX.</summary>
    private static bool IsCallThroughPointer(ReadOnlySpan<byte> code)
    {
        foreach (int length in (ReadOnlySpan<int>)[2, 3, 4, 6, 7])
        {
            ReadOnlySpan<byte> call = code[^length..];
            if (call[0] == 0xff && (call[1] >> 3 & 7) == 2 && LengthOf(call[1], call) == length)
                return true;
        }

        return false;
    }

    private static int LengthOf(byte modRm, ReadOnlySpan<byte> call)
    {
        int mode = modRm >> 6;
        int register = modRm & 7;
        if (mode == 3)
            return 2;
        bool hasSib = register == 4;
        bool isAbsolute = mode == 0 && (register == 5 || (hasSib && call.Length > 2 && (call[2] & 7) == 5));
        int displacement = mode switch { 1 => 1, 2 => 4, _ => isAbsolute ? 4 : 0 };
        return 2 + (hasSib ? 1 : 0) + displacement;
    }
}
