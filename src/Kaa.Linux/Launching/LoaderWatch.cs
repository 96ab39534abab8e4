using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Memory;

namespace Kaa.Linux.Launching;

/// <summary>
/// Tells whether a process has loaded or unloaded a library since that was last asked, by the list that its dynamic linker keeps for debuggers (struct r_debug and struct
/// link_map, link.h): all of it is read by one call, which costs a few microseconds, where <c>/proc/PID/maps</c> costs a hundred. What is mapped by other means is not in it.
/// </summary>
public sealed class LoaderWatch
{
    private const int Size = 40; // of struct link_map as far as it is public; of struct r_debug
    private const int Next = 24; // l_next
    private const int First = 8; // r_map
    private const int State = 24; // r_state
    private const int MostMaps = 512; // IOV_MAX is 1,024

    private readonly LoaderRendezvous _rendezvous;
    private readonly LiveMemory _memory;
    private readonly List<IoVector> _places = [];
    private byte[] _before = [];
    private byte[] _now = [];

    internal LoaderWatch(LoaderRendezvous rendezvous, LiveMemory memory) => (_rendezvous, _memory) = (rendezvous, memory);

    /// <summary>True also where it can't be told, and at the first time.</summary>
    public bool HasChanged()
    {
        if (_places.Count > 0 && Read(_now) && _now.AsSpan().SequenceEqual(_before))
            return false;
        Learn();
        return true;
    }

    private bool Read(byte[] into) => _memory.ReadMany(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_places), into) == into.Length;

    /// <summary>Where the list lies, and what it says; nothing while it is being changed.</summary>
    private void Learn()
    {
        _places.Clear();
        if (_rendezvous.Place() is not { } place)
            return;
        Span<byte> bytes = stackalloc byte[Size];
        if (!_memory.TryReadExactly(place, bytes) || BinaryPrimitives.ReadInt32LittleEndian(bytes[State..]) != 0)
            return;
        Add(place);
        for (ulong map = BinaryPrimitives.ReadUInt64LittleEndian(bytes[First..]); map != 0; map = BinaryPrimitives.ReadUInt64LittleEndian(bytes[Next..]))
        {
            if (_places.Count > MostMaps || !_memory.TryReadExactly(new Address(map), bytes))
            {
                _places.Clear();
                return;
            }

            Add(new Address(map));
        }

        (_before, _now) = (new byte[_places.Count * Size], new byte[_places.Count * Size]);
        if (!Read(_before))
            _places.Clear();
    }

    private void Add(Address place) => _places.Add(new IoVector { Base = place.Value, Length = Size });
}
