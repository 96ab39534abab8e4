using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Linux.Calls;

namespace Kaa.Control.Memory;

/// <summary>The ring through which the process tells of allocations (agent/memory.h, struct kaa_allocation): many threads write, this one reads.</summary>
/// <param name="start">Offset of struct kaa_memory.</param>
internal sealed class AllocationRing(AgentMemory memory, AgentMemoryArea area, ulong start)
{
    /// <summary>
    /// Units that are used as long as Kaa keeps up. Behind them the next lap begins as soon as all is read: what is left of the ring is for the time in which Kaa waits for a
    /// processor, and until then no page of the process's.
    /// </summary>
    public const int Usual = 1 << 15;

    private const int PublishEvery = 1024;

    // A thread that has taken its place and not filled it yet leaves a hole. Mostly it waits for a processor; it never comes back where the process was killed there.
    private const int HoleMicroseconds = 5_000_000;
    private const int CrowdedMicroseconds = 200_000; // where there is not much room left
    private const int EndMicroseconds = 1_000_000;
    private const int PollMicroseconds = 1_000;

    private const ulong Nowhere = ulong.MaxValue;

    private readonly ulong _tailWord = start + AreaWords.Tail;
    private readonly ulong _headWord = start + AreaWords.Head;
    private readonly ulong _roomWord = start + AreaWords.Room;
    private readonly ulong _sessionWord = start + AreaWords.Session;
    private readonly ulong _mask = area.ring_units - 1;
    private readonly int _shift = (int)area.ring_shift;
    private ulong _tail = memory.ReadWord(start + AreaWords.Tail);
    private ulong _turn = Nowhere; // where this lap ends; what follows is at the beginning of the next one
    private ulong _published;
    private long _holeSince; // 0: there is none
    private bool _isLast;

    /// <summary>Takes an event, and the unit behind it, which is a part of it where it is long.</summary>
    public delegate void Reader(in AgentAllocation made, in AgentAllocation rest);

    /// <summary>Another Kaa reads it by now: this one had stood still, and was taken for dead.</summary>
    public bool IsTaken => memory.ReadHalf(_sessionWord) != area.session;

    /// <summary>Events that were never finished.</summary>
    public long Torn { get; private set; }

    /// <summary>Reads what is there, and what threads that live have begun to write; nobody begins any more.</summary>
    public void Finish(Reader read, bool isGone)
    {
        long end = Clock.Microseconds + (isGone ? 0 : EndMicroseconds);
        while (Drain(read) > 0 || (_tail < memory.ReadWord(_headWord) && Clock.Microseconds < end))
            Clock.Sleep(PollMicroseconds);
        _isLast = true;
        _ = Drain(read);
    }

    /// <summary>Reads what is there now, in order: of what a program adds meanwhile as much as comes before one turn, for one that never rests would keep Kaa here.</summary>
    /// <returns>How many units that was.</returns>
    public long Drain(Reader read)
    {
        Span<AgentAllocation> ring = MemoryMarshal.Cast<byte, AgentAllocation>(memory.Map(area.ring, area.ring_units * (ulong)Unsafe.SizeOf<AgentAllocation>()));
        long units = 0;
        bool mayTurn = true;
        ulong head = memory.ReadWord(_headWord);
        while ((_tail < head || mayTurn) && !IsTaken)
        {
            if (_tail >= head)
            {
                if (!TryTurn(ref head))
                    break;
                mayTurn = false;
            }

            if (_tail == _turn)
            {
                _tail = NextLap(_tail);
                _turn = Nowhere;
                continue;
            }

            uint taken = TryTake(ring, read);
            if (taken == 0 && !PassOver(head, out taken))
                break;
            _tail += taken;
            units += taken;
            if (_tail >= _published + PublishEvery)
                Publish();
        }

        Publish();
        return units;
    }

    /// <summary>Begins the next lap where that is due: false where nothing more is to be read. Events may have come in this very moment, before the turn and behind it.</summary>
    /// <remarks>Some threads may have made sure of their room just before: what they overwrite has been read, as all of this lap has but its end.</remarks>
    private bool TryTurn(ref ulong head)
    {
        if (PlaceOf(_tail) < Usual || _turn != Nowhere)
            return false;
        ulong next = NextLap(_tail);
        ulong at = memory.Exchange(_headWord, position => position < next ? next : position);
        if (at < next) // else it has come round by itself
            _turn = at;
        head = memory.ReadWord(_headWord);
        return _tail < head;
    }

    private ulong PlaceOf(ulong position) => position & _mask;

    // KAA_LAP
    private ulong LapOf(ulong position) => position >> _shift & 0x7fff | 0x8000;

    private ulong NextLap(ulong position) => (position | _mask) + 1;

    // Half an event is never read: the unit in front is made whole last. Units that may not be written to in each lap are cleared, or they would be taken for whole once laps
    // are counted from the beginning again.
    private uint TryTake(Span<AgentAllocation> ring, Reader read)
    {
        ref AgentAllocation made = ref ring[(int)PlaceOf(_tail)];
        ref AgentAllocation rest = ref ring[(int)PlaceOf(_tail + 1)];
        if (!IsWhole(ref made))
            return 0;
        _holeSince = 0;
        uint units = made.IsLong ? 2u : 1;
        read(made, rest);
        if (PlaceOf(_tail) < Usual)
            return units;
        made.more = 0;
        if (units == 2)
            rest.more = 0;
        return units;
    }

    private bool IsWhole(ref AgentAllocation made) => System.Threading.Volatile.Read(ref made.more) >> 48 == LapOf(_tail);

    /// <summary>False where a hole may be filled yet, and what comes behind it has room meanwhile.</summary>
    private bool PassOver(ulong head, out uint units)
    {
        units = 1;
        long now = Clock.Microseconds;
        if (_holeSince == 0)
            _holeSince = now;
        if (!_isLast && now - _holeSince < (head - _tail < area.ring_units / 2 ? HoleMicroseconds : CrowdedMicroseconds))
            return false;
        _holeSince = 0;
        Torn++;
        return true;
    }

    private void Publish()
    {
        if (IsTaken)
            return;
        _published = _tail;
        memory.WriteWord(_tailWord, _tail);
        memory.WriteHalfFenced(_roomWord, memory.ReadHalf(_roomWord) + 1);
        memory.Wake(_roomWord);
    }
}
