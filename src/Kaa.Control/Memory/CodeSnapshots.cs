using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Formats;

namespace Kaa.Control.Memory;

/// <summary>Code objects as they were when the agent first met them; they may be freed since, and the process gone.</summary>
internal sealed class CodeSnapshots(AgentMemory memory, AgentMemoryArea area)
{
    private const int PieceHead = 16;

    private readonly Dictionary<(ulong Code, ulong Print), (ulong Offset, ulong Size)> _places = [];
    private ulong _read;

    /// <summary>Null where there is none (yet).</summary>
    /// <param name="rest">What is not in it is read there.</param>
    public IMemory? Find(ulong code, ulong print, IMemory rest)
    {
        if (!_places.TryGetValue((code, print), out (ulong Offset, ulong Size) place))
        {
            ReadOn();
            if (!_places.TryGetValue((code, print), out place))
                return null;
        }

        return new Copy(memory.Map(place.Offset, place.Size).ToArray(), rest);
    }

    private void ReadOn()
    {
        int head = Unsafe.SizeOf<AgentSnapshot>();
        while (_read + (ulong)head <= area.snapshots_size)
        {
            AgentSnapshot snapshot = memory.Read<AgentSnapshot>(area.snapshots + _read);
            if (snapshot.ready != 1 || snapshot.size < (ulong)head || snapshot.size > area.snapshots_size - _read)
                return;
            _places[(snapshot.code, snapshot.print)] = (area.snapshots + _read + (ulong)head, snapshot.size - (ulong)head);
            _read += snapshot.size;
        }
    }

    private sealed class Copy(byte[] pieces, IMemory rest) : IMemory
    {
        public int Read(Address address, Span<byte> buffer)
        {
            for (int at = 0; at + PieceHead <= pieces.Length;)
            {
                ulong start = MemoryMarshal.Read<ulong>(pieces.AsSpan(at));
                ulong size = MemoryMarshal.Read<ulong>(pieces.AsSpan(at + 8));
                at += PieceHead;
                if (size == 0 || size > (ulong)(pieces.Length - at))
                    break;
                ulong within = unchecked(address.Value - start);
                if (within < size)
                {
                    int count = (int)Math.Min(size - within, (ulong)buffer.Length);
                    pieces.AsSpan(at + (int)within, count).CopyTo(buffer);
                    return count;
                }

                at += (int)((size + 7) & ~7ul);
            }

            return rest.Read(address, buffer);
        }
    }
}
