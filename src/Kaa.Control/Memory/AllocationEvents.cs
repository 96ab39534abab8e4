using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Recording.Memory;

namespace Kaa.Control.Memory;

/// <summary>Reads what the agent tells of allocations, in order, into a recording.</summary>
/// <param name="start">Offset of struct kaa_memory.</param>
/// <param name="find">Number of a thread of the recording, by its tid as the process sees it.</param>
internal sealed class AllocationEvents(AgentMemory memory, AgentMemoryArea area, ulong start, AllocationRecorder recorder, NodeStacks stacks, Func<int, int> find)
{
    private const int PublishEvery = 1024;

    // A thread that was killed between taking its place and filling it leaves a hole.
    private const int HolePatience = 200;

    private readonly ulong _tailWord = start + AreaWords.Tail;
    private readonly ulong _headWord = start + AreaWords.Head;
    private readonly ulong _roomWord = start + AreaWords.Room;
    private readonly int[] _threads = CreateThreads();
    private ulong _tail = memory.ReadWord(start + AreaWords.Tail);
    private ulong _published;
    private int _waits;

    /// <summary>Events that were never finished.</summary>
    public long Torn { get; private set; }

    /// <summary>Reads all that is there now.</summary>
    /// <returns>How much that was.</returns>
    public long Drain()
    {
        Span<AgentAllocation> ring = MemoryMarshal.Cast<byte, AgentAllocation>(memory.Map(area.ring, area.ring_units * (ulong)Unsafe.SizeOf<AgentAllocation>()));
        ulong mask = area.ring_units - 1;
        ulong first = _tail;
        ulong head = memory.ReadWord(_headWord);
        while (_tail != head)
        {
            ref AgentAllocation made = ref ring[(int)(_tail & mask)];
            if (IsWhole(ref made, _tail))
                _tail += Take(made, ring[(int)((_tail + 1) & mask)]);
            else if (PassOver())
                _tail++;
            else
                break;
            if (_tail >= _published + PublishEvery)
                Publish();
        }

        Publish();
        return (long)(_tail - first);
    }

    private bool PassOver()
    {
        if (++_waits < HolePatience)
            return false;
        _waits = 0;
        Torn++;
        return true;
    }

    private void Publish()
    {
        _published = _tail;
        memory.WriteWord(_tailWord, _tail);
        memory.WriteHalfFenced(_roomWord, memory.ReadHalf(_roomWord) + 1);
        memory.Wake(_roomWord);
    }

    // Half an event is never read: the one in front is made whole last.
    private ulong Take(in AgentAllocation made, in AgentAllocation rest)
    {
        _waits = 0;
        ulong address = made.IsLong ? made.Address | rest.RestOfAddress : made.Address;
        long size = (long)(made.IsLong ? rest.RestOfSize : made.Size);
        switch (made.Op)
        {
            case AgentMemoryOp.Allocated:
                recorder.Allocated(address, size, SiteOf(made));
                break;
            case AgentMemoryOp.Freed:
                recorder.Freed(address);
                break;
            case AgentMemoryOp.Moved:
                recorder.Moving(address, ThreadOf(made.Thread));
                break;
            case AgentMemoryOp.Stayed:
                recorder.Stayed(ThreadOf(made.Thread));
                break;
            case AgentMemoryOp.Mapped:
                recorder.Mapped(address, size, SiteOf(made));
                break;
            case AgentMemoryOp.Unmapped:
                recorder.Unmapped(address, size);
                break;
            case AgentMemoryOp.Thread when made.Thread < _threads.Length:
                _threads[made.Thread] = find((int)(address >> 3));
                break;
        }

        return made.IsLong ? 2ul : 1;
    }

    private AllocationSite SiteOf(in AgentAllocation made) =>
        new(stacks.Find(made.Node), ThreadOf(made.Thread), (AllocatorKind)(made.Allocator % AllocatorKinds.Count));

    private int ThreadOf(int place)
    {
        if (place >= _threads.Length)
            return 0;
        if (_threads[place] < 0)
            _threads[place] = find((int)memory.Read<AgentThread>(area.threads + (ulong)place * (ulong)Unsafe.SizeOf<AgentThread>()).tid);
        return _threads[place];
    }

    private static bool IsWhole(ref AgentAllocation made, ulong position) =>
        System.Threading.Volatile.Read(ref made.more) >> 48 == ((position >> MemoryAreaLayout.RingShift) + 1 & 0xffff);

    private static int[] CreateThreads()
    {
        int[] threads = new int[MemoryAreaLayout.Threads];
        Array.Fill(threads, -1);
        return threads;
    }
}
