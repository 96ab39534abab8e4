using Kaa.Formats;

namespace Kaa.Python.Tasks;

/// <summary>Memory in which a stretch of a C stack reads as it was before something else took its place: from a copy of it.</summary>
/// <param name="start">Where the stretch belongs.</param>
/// <param name="length">Of the copy, in bytes.</param>
internal sealed class SpilledStack(IMemory memory, Address start, ulong length, Address copy) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        ulong offset = unchecked(address.Value - start.Value);
        if (offset < length)
        {
            int inside = (int)Math.Min((ulong)buffer.Length, length - offset);
            int got = memory.Read(copy + offset, buffer[..inside]);
            return got < inside || inside == buffer.Length ? got : got + memory.Read(address + inside, buffer[inside..]);
        }

        // What begins before it may reach into it.
        ulong before = unchecked(start.Value - address.Value);
        if (length == 0 || before >= (ulong)buffer.Length)
            return memory.Read(address, buffer);
        int read = memory.Read(address, buffer[..(int)before]);
        return read < (int)before ? read : read + Read(start, buffer[read..]);
    }
}
