using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Control.Agent;

/// <summary>Reads what the agent writes: threads that wait first, then the ring in its order.</summary>
internal sealed class EventReader
{
    private const int Unit = 64; // KAA_UNIT
    private const ulong MarkFactor = 0x9e3779b97f4a7c15; // kaa_mark
    private const int MostUnits = 16;
    private const int MostTexts = 512;
    private const int TellEvery = 256; // units
    private const uint Unread = uint.MaxValue;

    // A thread that was ended, or left the agent by a jump out of a signal handler, never finishes its event.
    private const long StuckMicroseconds = 500_000;

    private static readonly int s_head = Unsafe.SizeOf<AgentEventHead>();

    private readonly AgentMemory _memory;
    private readonly AgentHeader _header;
    private readonly Func<uint, HookHandle?> _hooks;
    private readonly ulong[] _told = new ulong[AgentRegion.ParkCount];
    private readonly byte[] _bytes = new byte[MostUnits * Unit];
    private ulong _tail;
    private ulong _toldTail;
    private long? _stuckSince;

    public EventReader(AgentMemory memory, Func<uint, HookHandle?> hooks)
    {
        _memory = memory;
        _header = memory.Read<AgentHeader>(0);
        _hooks = hooks;
        _tail = _toldTail = memory.ReadWord(AgentWords.TailOffset);
    }

    /// <summary>Events that were begun and never finished.</summary>
    public ulong Torn { get; private set; }

    public AgentEvent? TryRead() => TryReadPark() ?? TryReadRing();

    public bool HasAny => IsParkWaiting(out _, out _) || _memory.ReadWord(AgentWords.HeadOffset) != _tail;

    /// <summary>Sleeps until the agent writes something, for at most some milliseconds.</summary>
    public void Sleep(TimeSpan time)
    {
        TellTail();
        _memory.WriteHalfFenced(AgentWords.WaitsOffset, 1);
        if (!HasAny)
            _memory.Sleep(AgentWords.WaitsOffset, 1, time);
        _memory.WriteHalf(AgentWords.WaitsOffset, 0);
    }

    /// <summary>Lets the thread of an event go on, if it still waits with that event.</summary>
    public void Release(AgentEvent made)
    {
        ulong place = PlaceOf(made.Park);
        if (made.Park < 0 || _memory.ReadWord(place + 8) != made.ParkOrder)
            return;
        if (_memory.ReadHalf(place) == (uint)AgentParkState.Waiting)
            _memory.WriteHalf(place, (uint)AgentParkState.Released);
        _memory.Wake(place);
    }

    /// <summary>The place has not been given back, nor been taken for another event.</summary>
    public bool IsWaiting(AgentEvent made) => made.Park >= 0 && _memory.ReadWord(PlaceOf(made.Park) + 8) == made.ParkOrder
        && _memory.ReadHalf(PlaceOf(made.Park)) is (uint)AgentParkState.Waiting or (uint)AgentParkState.Released;

    /// <summary>The thread of an event was taken out of its wait, while it stood still: its place is free.</summary>
    public void Forget(AgentEvent made)
    {
        ulong place = PlaceOf(made.Park);
        if (made.Park < 0 || _memory.ReadWord(place + 8) != made.ParkOrder || _memory.ReadHalf(place) == (uint)AgentParkState.Free)
            return;
        _memory.WriteHalf(place, (uint)AgentParkState.Free);
        _memory.Decrement(AgentWords.ParksWaitingOffset);
    }

    /// <summary>No place is taken: nobody is in the agent's code.</summary>
    public void ForgetAll()
    {
        for (int i = 0; i < (int)_header.park_count; i++)
            _memory.WriteHalf(PlaceOf(i), (uint)AgentParkState.Free);
        _memory.WriteHalf(AgentWords.ParksWaitingOffset, 0);
    }

    /// <summary>All that wait look whether they still have to.</summary>
    public void WakeAll()
    {
        for (int i = 0; i < (int)_header.park_count; i++)
        {
            if (_memory.ReadHalf(PlaceOf(i)) is (uint)AgentParkState.Waiting or (uint)AgentParkState.Released)
                _memory.Wake(PlaceOf(i));
        }
    }

    private ulong PlaceOf(int park) => _header.parks + (ulong)park * _header.park_size;

    private AgentEvent? TryReadPark()
    {
        if (!IsParkWaiting(out int park, out ulong order))
            return null;
        _told[park] = order + 1;
        ulong place = PlaceOf(park) + 16;
        return _memory.TryRead(place, _bytes.AsSpan(0, s_head + MostTexts)) ? Decode(_bytes.AsSpan(0, s_head + MostTexts), park, order) : null;
    }

    /// <summary>The first of those that wait and have not been told of.</summary>
    private bool IsParkWaiting(out int park, out ulong order)
    {
        park = -1;
        order = ulong.MaxValue;
        if (_memory.ReadHalf(AgentWords.ParksWaitingOffset) == 0)
            return false;
        for (int i = 0; i < Math.Min((int)_header.park_count, _told.Length); i++)
        {
            if (_memory.ReadHalf(PlaceOf(i)) != (uint)AgentParkState.Waiting)
                continue;
            ulong its = _memory.ReadWord(PlaceOf(i) + 8);
            if (_told[i] != its + 1 && its < order)
                (park, order) = (i, its);
        }

        return park >= 0;
    }

    private AgentEvent? TryReadRing()
    {
        while (_tail != _memory.ReadWord(AgentWords.HeadOffset))
        {
            ulong place = _header.ring + (_tail & (_header.ring_units - 1)) * Unit;
            if (_memory.ReadWord(place) != unchecked((_tail + 1) * MarkFactor))
            {
                if (!IsStuck())
                    return null;
                Advance(1);
                Torn++;
                continue;
            }

            _stuckSince = null;
            ulong kind = _memory.ReadWord(place + 8);
            uint units = Math.Max(1, unchecked((uint)kind));
            AgentEvent? made = null;
            if ((AgentEventKind)(kind >> 32 & 0xffff) != AgentEventKind.Gap && units <= MostUnits && _memory.TryRead(place, _bytes.AsSpan(0, (int)units * Unit)))
                made = Decode(_bytes.AsSpan(0, (int)units * Unit), -1, 0);
            Advance(units);
            if (made is not null)
                return made;
        }

        TellTail();
        return null;
    }

    private void Advance(uint units)
    {
        _tail += units;
        if (_tail - _toldTail >= TellEvery)
            TellTail();
    }

    private void TellTail()
    {
        if (_toldTail == _tail)
            return;
        _memory.WriteWord(AgentWords.TailOffset, _tail);
        _toldTail = _tail;
    }

    private bool IsStuck()
    {
        TellTail();
        long now = Clock.Microseconds;
        _stuckSince ??= now;
        return now - _stuckSince > StuckMicroseconds;
    }

    /// <summary>Null where it is of a hook that this session does not have.</summary>
    private AgentEvent? Decode(ReadOnlySpan<byte> bytes, int park, ulong order)
    {
        AgentEventHead head = MemoryMarshal.Read<AgentEventHead>(bytes);
        if (_hooks(head.hook) is not { } hook)
            return null;
        bool isReturn = head.kind == AgentEventKind.Return;
        return new AgentEvent
        {
            Hook = hook,
            IsReturn = isReturn,
            NamespaceTid = unchecked((int)head.tid),
            Nanoseconds = unchecked((long)head.time),
            Number = head.number,
            Registers = head.registers,
            Caller = new Address(head.caller),
            PythonThread = new Address(head.thread),
            StackId = head.stack,
            Texts = isReturn ? [] : TextsOf(head, hook.Request.Texts.Count, bytes[s_head..]),
            IsConditionUnknown = head.flags.HasFlag(AgentEventFlags.Unknown),
            IsStackLost = head.flags.HasFlag(AgentEventFlags.StackLost),
            HasNoReturn = head.flags.HasFlag(AgentEventFlags.NoReturn),
            Park = park,
            ParkOrder = order,
        };
    }

    private static byte[]?[] TextsOf(in AgentEventHead head, int count, ReadOnlySpan<byte> bytes)
    {
        if (count == 0)
            return [];
        byte[]?[] texts = new byte[]?[Math.Min(count, 2)];
        int used = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            uint size = i == 0 ? head.text_size : head.text_size1;
            if (size == Unread || used + size > bytes.Length)
                continue;
            texts[i] = bytes.Slice(used, (int)size).ToArray();
            used += (int)size;
        }

        return texts;
    }
}
