using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// A thread that the kernel has just made: it comes out of the call of its maker with 0, on an empty stack. glibc ends the unwind rules of that function in front of the call,
/// as they would be wrong for the new thread (sysdeps/unix/sysv/linux/x86_64/clone3.S, clone.S).
/// </summary>
internal static class ThreadStart
{
    private const uint Clone = 56;
    private const uint Clone3 = 435;
    private const int Rax = 0; // its DWARF number
    private const byte MoveToEax = 0xb8;

    // mov NUMBER, %eax; syscall.
    private const int CallLength = 7;

    public static bool IsAt(IMemory memory, Address pc, X64Registers registers)
    {
        Span<byte> code = stackalloc byte[CallLength];
        return registers[Rax] == 0 && memory.TryReadExactly(pc - CallLength, code) && code[0] == MoveToEax && code[5..].SequenceEqual((ReadOnlySpan<byte>)[0x0f, 0x05])
            && BinaryPrimitives.ReadUInt32LittleEndian(code[1..]) is Clone or Clone3;
    }
}
