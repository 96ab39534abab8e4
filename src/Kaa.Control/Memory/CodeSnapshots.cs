using System.Runtime.CompilerServices;
using Kaa.Control.Agent;
using Kaa.Formats;

namespace Kaa.Control.Memory;

/// <summary>Code objects as they were when the agent first met them; they may be freed since, and the process gone.</summary>
internal sealed class CodeSnapshots(AgentMemory memory, AgentMemoryArea area)
{
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

        return new CopiedPieces(memory.Map(place.Offset, place.Size).ToArray(), rest);
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
}
