using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The instruction at which a thread stands.</summary>
internal static class InstructionAt
{
    private const int LongestInstruction = 15;

    /// <summary>Invalid where there is no code, or none that can be decoded.</summary>
    public static Instruction Read(IMemory memory, ulong address)
    {
        byte[] bytes = new byte[LongestInstruction];
        int length = memory.Read(new Address(address), bytes);
        return Decoder.Create(64, bytes[..length], address, DecoderOptions.None).Decode();
    }
}
