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
    private const byte RexW = 0x48;
    private const int LongestReservation = 8;

    private readonly CallSites _calls = new(memory, source);

    /// <summary>mov %rsp,%rbp.</summary>
    private static ReadOnlySpan<byte> SetFrame => [0x48, 0x89, 0xe5];

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
        memory.TryReadPointer(rbp + Word, out Address back) && (IsBehindCallOf(back, row) || (_calls.IsBehindCall(back) && IsOneOfAChain(rbp)));

    /// <summary>
    /// The saved rbp is that of a frame further out. It takes the place of the proof by the call's target where a function was entered by a
    /// jump (the handlers of a tail-call interpreter).
    /// </summary>
    private bool IsOneOfAChain(Address rbp)
    {
        const int FarthestCaller = 1 << 20;
        return memory.TryReadPointer(rbp, out Address outer) && outer > rbp && outer - rbp < FarthestCaller && (outer.Value & 7) == 0
            && memory.TryReadPointer(outer + Word, out Address back) && _calls.IsBehindCall(back);
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
        int start = code.StartsWith(CallSites.Landing) ? CallSites.Landing.Length : 0;
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

    private bool IsBehindCallOf(Address back, UnwindRow row) =>
        _calls.TargetOf(back) is { } called && (called == row.Start || _calls.StubTarget(called) == row.Start);
}
