using System.Runtime.CompilerServices;

namespace Kaa.Control.Memory;

/// <summary>
/// How what the agent shares for allocations is laid out: offsets from the header on. Most of it is address space only: a file in memory takes pages as they are
/// written to.
/// </summary>
/// <param name="Start">Offset of struct kaa_memory.</param>
/// <param name="HasNatives">With room for C stacks.</param>
internal readonly record struct MemoryAreaLayout(ulong Start, bool HasNatives)
{
    public const int Modules = 4096;
    public const int ModuleLists = 32;
    public const int Rows = 1 << 22;
    public const int Rules = 1 << 16;

    public const int Threads = 1024;
    public const int Nodes = 1 << 21;
    public const int Codes = 1 << 17;
    public const int Draws = 4096;
    public const int RingShift = 20;
    public const int RingUnits = 1 << RingShift;
    public const int SampledPlaces = 1 << 20;
    private const int SnapshotBytes = 128 << 20;
    private const ulong PageSize = 4096;

    private static ulong CodeTableSize => Codes * (ulong)Unsafe.SizeOf<AgentCode>();

    public ulong ThreadTable => Start + PageSize;

    public ulong NodeTable => ThreadTable + Threads * (ulong)Unsafe.SizeOf<AgentThread>();

    public ulong NodeIndex => NodeTable + Nodes * (ulong)Unsafe.SizeOf<AgentNode>();

    public ulong CodeTable => NodeIndex + 2ul * Nodes * sizeof(uint);

    public ulong ContentTable => CodeTable + CodeTableSize;

    public ulong Snapshots => ContentTable + CodeTableSize;

    public ulong Ring => Snapshots + SnapshotBytes;

    public ulong Sampled => Ring + RingUnits * (ulong)Unsafe.SizeOf<AgentAllocation>();

    public ulong DrawTable => Sampled + SampledPlaces * (ulong)sizeof(ulong);

    /// <summary>struct kaa_unwind. The next ones lie behind it, where there is room for C stacks.</summary>
    public ulong Unwind => DrawTable + Draws * (ulong)sizeof(ulong);

    public ulong ModuleTable => Unwind + PageSize;

    public ulong RuleTable => ModuleTable + ModuleLists * Modules * (ulong)Unsafe.SizeOf<AgentModule>();

    public ulong RowTable => RuleTable + Rules * (ulong)Unsafe.SizeOf<AgentRule>();

    public ulong Natives => RowTable + Rows * (ulong)Unsafe.SizeOf<AgentRow>();

    public ulong End => HasNatives ? Natives + Threads * (ulong)Unsafe.SizeOf<AgentNative>() : Unwind;

    public AgentMemoryArea Area() => new()
    {
        size = End - Start,
        threads = ThreadTable,
        nodes = NodeTable,
        node_capacity = Nodes,
        node_index = NodeIndex,
        node_index_size = 2 * Nodes,
        codes = CodeTable,
        codes_size = Codes,
        contents = ContentTable,
        snapshots = Snapshots,
        snapshots_size = SnapshotBytes,
        ring = Ring,
        ring_units = RingUnits,
        ring_shift = RingShift,
        sampled = Sampled,
        sampled_size = SampledPlaces,
        draws = DrawTable,
        natives = HasNatives ? Natives : 0,
    };
}
