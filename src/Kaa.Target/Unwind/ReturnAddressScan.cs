using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// Finds the caller of a function that has neither unwind rules nor a frame pointer (musl is built so): the nearest return address above the
/// stack pointer that lies behind a call of this very function. What lies between is its own, whatever it is.
/// </summary>
internal sealed class ReturnAddressScan(IMemory memory, IUnwindSource source)
{
    /// <summary>How far a function's frame is searched: musl's largest have a few KiB.</summary>
    private const int MostFrame = 32 << 10;

    private const int Word = 8;
    private const byte Jump = 0xe9;
    private const int JumpLength = 5;

    /// <summary>What a function may do before it goes on in another one as its last act.</summary>
    private const int ShortFunction = 64;

    private readonly CallSites _calls = new(memory, source);

    /// <param name="Slot">Where the return address lies.</param>
    /// <param name="Entry">Where the call leads: the start of the function that the pc is in.</param>
    public readonly record struct Caller(Address Return, Address Slot, Address Entry);

    /// <summary>Null where no call proves itself.</summary>
    public Caller? Find(Address pc, ulong stackPointer)
    {
        Address first = new((stackPointer + Word - 1) & ~(ulong)(Word - 1));
        for (int offset = 0; offset < MostFrame; offset += Word)
        {
            if (!memory.TryReadPointer(first + offset, out Address back))
                return null;
            if (EntryOf(back, pc) is { } entry)
                return new Caller(back, first + offset, entry);
        }

        return null;
    }

    private Address? EntryOf(Address back, Address pc)
    {
        if (!source.IsCode(back) || _calls.TargetOf(back) is not { } called)
            return null;
        Address entry = _calls.StubTarget(called) ?? called;
        if (source.MayBeOneFunction(entry, pc))
            return entry;

        // A function that ends in a call of another one jumps there: nothing of it is on the stack.
        return JumpFrom(entry) is { } next && source.MayBeOneFunction(next, pc) ? next : null;
    }

    private Address? JumpFrom(Address entry)
    {
        Span<byte> code = stackalloc byte[ShortFunction];
        if (!source.IsCode(entry) || memory.Read(entry, code) is var got && got < JumpLength)
            return null;
        int at = code[..got].IndexOf(Jump);
        return at >= 0 && at + JumpLength <= got ? entry + at + JumpLength + BinaryPrimitives.ReadInt32LittleEndian(code[(at + 1)..]) : null;
    }

    /// <summary>The registers as the function found them, as far as they are known.</summary>
    public static X64Registers Registers(Caller caller)
    {
        var registers = new X64Registers();
        registers[X64Registers.Rip] = caller.Return.Value;
        registers[X64Registers.Rsp] = (caller.Slot + Word).Value;
        return registers;
    }
}
