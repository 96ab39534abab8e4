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
    private int _waits;

    /// <summary>Events that were never finished.</summary>
    public long Torn { get; private set; }

    /// <summary>Reads all that is there now; false where there was nothing.</summary>
    public bool Drain()
    {
        Span<AgentAllocation> ring = MemoryMarshal.Cast<byte, AgentAllocation>(memory.Map(area.ring, area.ring_units * (ulong)Unsafe.SizeOf<AgentAllocation>()));
        ulong mask = area.ring_units - 1;
        ulong first = _tail;
        ulong head = memory.ReadWord(_headWord);
        while (_tail != head)
        {
            ref AgentAllocation made = ref ring[(int)(_tail & mask)];
            if (System.Threading.Volatile.Read(ref made.mark) == Mark(_tail))
                Take(made);
            else if (!PassOver())
                break;
            _tail++;
            if (_tail % PublishEvery == 0)
                Publish();
        }

        Publish();
        return _tail != first;
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
        memory.WriteWord(_tailWord, _tail);
        memory.WriteHalfFenced(_roomWord, memory.ReadHalf(_roomWord) + 1);
        memory.Wake(_roomWord);
    }

    private void Take(in AgentAllocation made)
    {
        _waits = 0;
        switch (made.op)
        {
            case AgentMemoryOp.Allocated:
                recorder.Allocated(made.address, Size(made), SiteOf(made));
                break;
            case AgentMemoryOp.Freed:
                recorder.Freed(made.address);
                break;
            case AgentMemoryOp.Moved:
                recorder.Moving(made.address, ThreadOf(made.thread));
                break;
            case AgentMemoryOp.Stayed:
                recorder.Stayed(ThreadOf(made.thread));
                break;
            case AgentMemoryOp.Mapped:
                recorder.Mapped(made.address, Size(made), SiteOf(made));
                break;
            case AgentMemoryOp.Unmapped:
                recorder.Unmapped(made.address, Size(made));
                break;
            case AgentMemoryOp.Thread when made.thread < _threads.Length:
                _threads[made.thread] = find((int)made.address);
                break;
        }
    }

    private static long Size(in AgentAllocation made) => (long)Math.Min(made.size, long.MaxValue);

    private AllocationSite SiteOf(in AgentAllocation made) =>
        new(stacks.Find(made.node), ThreadOf(made.thread), (AllocatorKind)(made.allocator % AllocatorKinds.Count));

    private int ThreadOf(int place)
    {
        if (place >= _threads.Length)
            return 0;
        if (_threads[place] < 0)
            _threads[place] = find((int)memory.Read<AgentThread>(area.threads + (ulong)place * (ulong)Unsafe.SizeOf<AgentThread>()).tid);
        return _threads[place];
    }

    private static ulong Mark(ulong position) => unchecked((position + 1) * 0x9e3779b97f4a7c15);

    private static int[] CreateThreads()
    {
        int[] threads = new int[MemoryAreaLayout.Threads];
        Array.Fill(threads, -1);
        return threads;
    }
}
