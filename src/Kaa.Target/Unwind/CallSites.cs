using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Target.Unwind;

/// <summary>Tells from the code before it whether an address is one that a call returns to, and where that call leads.</summary>
internal sealed class CallSites(IMemory memory, IUnwindSource source)
{
    private const byte DirectCall = 0xe8;
    private const int DirectCallLength = 5;
    private const int SlotCallLength = 6;
    private const int LongestCall = 7;

    /// <summary>endbr64, where a call through a pointer may lead.</summary>
    public static ReadOnlySpan<byte> Landing => [0xf3, 0x0f, 0x1e, 0xfa];

    /// <summary>Where the call before a return address leads: direct, or through a word of the GOT; null for other calls, and where there is none.</summary>
    public Address? TargetOf(Address back)
    {
        Span<byte> code = stackalloc byte[LongestCall];
        if (!source.IsCode(back) || !memory.TryReadExactly(back - code.Length, code))
            return null;
        if (code[^DirectCallLength] == DirectCall)
            return back + BinaryPrimitives.ReadInt32LittleEndian(code[^4..]);

        // call *disp(%rip), as -fno-plt makes it.
        bool throughSlot = code[^SlotCallLength] == 0xff && code[^DirectCallLength] == 0x15;
        return throughSlot && memory.TryReadPointer(back + BinaryPrimitives.ReadInt32LittleEndian(code[^4..]), out Address target) ? target : null;
    }

    public bool IsBehindCall(Address back)
    {
        Span<byte> code = stackalloc byte[LongestCall];
        return source.IsCode(back) && memory.TryReadExactly(back - code.Length, code)
            && (code[^DirectCallLength] == DirectCall || IsCallThroughPointer(code));
    }

    /// <summary>Where a stub of the procedure linkage table jumps to: <c>jmp *disp(%rip)</c>, with endbr64 and bnd before it in some.</summary>
    public Address? StubTarget(Address stub)
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
