using System.Runtime.CompilerServices;
using Kaa.Control.Agent;
using Kaa.Linux.Processes;

namespace Kaa.Control.Memory;

/// <summary>
/// Memory that is shared counts for the control group of whoever touches it first, who also has to wait for the pages. Kaa does that for what is used at once, and for all that a recording
/// needs where a process is near a limit, so that nobody is killed for it.
/// </summary>
internal static class FirstTouch
{
    private const ulong Near = 256 << 20;
    private const int PageSize = 4096;

    /// <summary>Of tables that fill up slowly.</summary>
    private const ulong Beginning = 4 << 20;

    public static void Prepare(AgentMemory memory, in AgentMemoryArea area, int pid)
    {
        Touch(memory, area.ring, AllocationRing.Usual * (ulong)Unsafe.SizeOf<AgentAllocation>());
        if (MemoryHeadroom.Of(AgentProcess.Proc, pid).Bytes() is not { } left || left > Near)
            return;
        Touch(memory, area.ring, area.ring_units * (ulong)Unsafe.SizeOf<AgentAllocation>());
        Touch(memory, area.node_index, area.node_index_size * sizeof(uint));
        Touch(memory, area.codes, 2 * area.codes_size * (ulong)Unsafe.SizeOf<AgentCode>()); // and `contents` behind it
        Touch(memory, area.nodes, Beginning);
        Touch(memory, area.threads, Beginning);
        Touch(memory, area.snapshots, Beginning);
    }

    // A page exists once it was read, too, but only for whoever reads it; so something is written, which changes nothing. Nobody else writes there yet.
    private static void Touch(AgentMemory memory, ulong offset, ulong length)
    {
        Span<byte> bytes = memory.Map(offset, length);
        for (int at = 0; at < bytes.Length; at += PageSize)
            System.Threading.Volatile.Write(ref bytes[at], System.Threading.Volatile.Read(ref bytes[at]));
    }
}
