using System.Runtime.CompilerServices;
using Kaa.Control.Agent;
using Kaa.Recording.Memory;

namespace Kaa.Control.Memory;

/// <summary>Reads what the agent tells of allocations, in order, into a recording.</summary>
/// <param name="start">Offset of struct kaa_memory.</param>
/// <param name="find">Number of a thread of the recording, by its tid as the process sees it.</param>
internal sealed class AllocationEvents(AgentMemory memory, AgentMemoryArea area, ulong start, AllocationRecorder recorder, NodeStacks stacks, Func<int, int> find)
{
    private readonly AllocationRing _ring = new(memory, area, start);
    private readonly int[] _threads = CreateThreads();

    /// <summary>Events that were never finished.</summary>
    public long Torn => _ring.Torn;

    /// <inheritdoc cref="AllocationRing.IsTaken"/>
    public bool IsTaken => _ring.IsTaken;

    /// <inheritdoc cref="AllocationRing.Drain"/>
    public long Drain() => _ring.Drain(Record);

    /// <inheritdoc cref="AllocationRing.Finish"/>
    public void Finish(bool isGone) => _ring.Finish(Record, isGone);

    private void Record(in AgentAllocation made, in AgentAllocation rest)
    {
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

    private static int[] CreateThreads()
    {
        int[] threads = new int[MemoryAreaLayout.Threads];
        Array.Fill(threads, -1);
        return threads;
    }
}
