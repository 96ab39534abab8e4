using System.Runtime.InteropServices;
using Kaa.Formats;

namespace Kaa.Control.Memory;

/// <summary>
/// Pieces of the program's memory that the agent has copied: an address, a size, the bytes, up to one of size 0. They may overlap: a text is copied as far as it can reach, and
/// CPython's frozen modules have theirs side by side, so that one piece may hold no more than the first bytes of the next text.
/// </summary>
/// <param name="rest">What is not in them is read there.</param>
internal sealed class CopiedPieces(byte[] pieces, IMemory rest) : IMemory
{
    private const int Head = 16;

    public int Read(Address address, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            ReadOnlySpan<byte> most = Longest(address + (ulong)done);
            if (most.IsEmpty)
                return done + rest.Read(address + (ulong)done, buffer[done..]);
            int count = Math.Min(most.Length, buffer.Length - done);
            most[..count].CopyTo(buffer[done..]);
            done += count;
        }

        return done;
    }

    /// <summary>Of all pieces the one that has most from there on.</summary>
    private ReadOnlySpan<byte> Longest(Address address)
    {
        ReadOnlySpan<byte> most = default;
        for (int at = 0; at + Head <= pieces.Length;)
        {
            ulong start = MemoryMarshal.Read<ulong>(pieces.AsSpan(at));
            ulong size = MemoryMarshal.Read<ulong>(pieces.AsSpan(at + 8));
            at += Head;
            if (size == 0 || size > (ulong)(pieces.Length - at))
                break;
            ulong within = unchecked(address.Value - start);
            if (within < size && size - within > (ulong)most.Length)
                most = pieces.AsSpan(at + (int)within, (int)(size - within));
            at += (int)((size + 7) & ~7ul);
        }

        return most;
    }
}
