using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kaa.Control.Memory;

// The mirrors of agent/memory.h, by the names that it has there. A unit test compares sizes and offsets with what the C compiler says.

internal enum AgentMemoryOp : byte
{
    None,
    Allocated,
    Freed,
    Moved,
    Stayed,
    Mapped,
    Unmapped,
    Thread,
}

/// <summary>struct kaa_allocation.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentAllocation
{
    public ulong mark;
    public ulong address;
    public ulong size;
    public uint node;
    public ushort thread;
    public AgentMemoryOp op;
    public byte allocator;
}

/// <summary>struct kaa_node.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentNode
{
    public uint parent;
    public uint ready;
    public ulong code;
    public ulong instruction;
    public ulong print;
}

/// <summary>struct kaa_thread, its beginning.</summary>
[StructLayout(LayoutKind.Sequential, Size = 131_136)]
internal struct AgentThread
{
    public ulong pointer;
    public uint tid;
}

/// <summary>struct kaa_snapshot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentSnapshot
{
    public ulong size;
    public ulong code;
    public ulong print;
    public ulong ready;
}

/// <summary>struct kaa_memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentMemoryArea
{
    public ulong size;
    public uint recording;
    public uint thread_capacity;
    public ulong threads;
    public ulong nodes;
    public ulong node_capacity;
    public ulong node_index;
    public ulong node_index_size;
    public ulong codes;
    public ulong codes_size;
    public ulong snapshots;
    public ulong snapshots_size;
    public ulong ring;
    public ulong ring_units;
    public ulong sample;
    public ulong sampled;
    public ulong sampled_size;
    public ulong draws;
    public uint patience;
    public uint code_size;
    public Offsets code_texts;
    public int length;
    public uint unit;
    public uint extra;
    public Functions domains;
    private readonly ulong _gap0; // the next field begins a cache line
    private readonly ulong _gap1;
    private readonly ulong _gap2;
    private readonly ulong _gap3;
    private readonly ulong _gap4;
    private readonly ulong _gap5;
    public ulong tail;
    public uint room;
    public uint reserved;
    private readonly ulong _gap6;
    private readonly ulong _gap7;
    private readonly ulong _gap8;
    private readonly ulong _gap9;
    private readonly ulong _gap10;
    private readonly ulong _gap11;
    public ulong head;
    public ulong lost;
    public ulong node_count;
    public ulong nodes_lost;
    public ulong threads_lost;
    public ulong snapshots_used;
    public ulong blocked;
    private readonly ulong _gap12;

    [InlineArray(5)]
    public struct Offsets
    {
        private int _first;
    }

    /// <summary>malloc, calloc, realloc and free of each domain.</summary>
    [InlineArray(12)]
    public struct Functions
    {
        private ulong _first;
    }
}
