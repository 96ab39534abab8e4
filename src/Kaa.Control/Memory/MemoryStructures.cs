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
    Rest,
}

/// <summary>struct kaa_allocation: fields of bits, as agent/memory.h has them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentAllocation
{
    public ulong what;
    public ulong more;

    public readonly AgentMemoryOp Op => (AgentMemoryOp)(what & 0xf);

    public readonly byte Allocator => (byte)(what >> 4 & 0x1f);

    public readonly int Thread => (int)(what >> 9 & 0x7ff);

    /// <summary>Without its lowest three bits, where <see cref="IsLong"/>.</summary>
    public readonly ulong Address => what >> 20 << 3;

    public readonly uint Node => (uint)(more & 0xffffff);

    public readonly ulong Size => more >> 24 & 0xffffff;

    /// <summary>The next one has its size, and the lowest bits of its address.</summary>
    public readonly bool IsLong => Size == 0xffffff;

    /// <summary>Of what belongs to the one in front: the size.</summary>
    public readonly ulong RestOfSize => what >> 4;

    public readonly ulong RestOfAddress => more & 7;
}

/// <summary>struct kaa_code.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentCode
{
    public ulong key;
    public ulong code;
    public ulong print;
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

    /// <summary>A C frame on top of another one; its pc is <see cref="instruction"/>.</summary>
    public readonly bool IsNative => code == 1;

    /// <summary>The innermost C frame (<see cref="parent"/>) and the innermost Python frame (<see cref="instruction"/>) of one moment.</summary>
    public readonly bool IsBoth => code == 2;

    /// <summary>Of a C frame's module: <see cref="AgentModule.serial"/>; 0 where none was known.</summary>
    public readonly uint Serial => (uint)(print >> 32);

    /// <summary>How many of the Python frames lie outside of this C frame.</summary>
    public readonly int Outside => (int)(print >> 4 & 0xfffffff);

    public readonly bool IsExact => (print & 1) != 0;

    /// <summary>It runs Python frames: CPython's eval function.</summary>
    public readonly bool Runs => (print & 2) != 0;

    /// <summary>Nothing is known of who called it.</summary>
    public readonly bool IsCut => (print & 4) != 0;
}

/// <summary>enum kaa_rule_kind.</summary>
internal enum AgentRuleKind : byte
{
    None,
    Stack,
    Base,
    Stub,
    BehindBase,
    BehindStack,
    Signal,
    End,
}

/// <summary>enum kaa_bp_kind.</summary>
internal enum AgentBaseKind : byte
{
    Same,
    AtFrame,
    AtBase,
    Unknown,
}

/// <summary>struct kaa_rule.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentRule
{
    public int cfa;
    public int add;
    public int bp;
    public AgentRuleKind kind;
    public AgentBaseKind bp_kind;
    public byte evaluates;
    public byte reserved;
}

/// <summary>struct kaa_row.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentRow
{
    public uint start;
    public uint rule;
}

/// <summary>struct kaa_module.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentModule
{
    public ulong start;
    public ulong end;
    public uint first;
    public uint rows;
    public uint serial;
    public uint reserved;
}

/// <summary>struct kaa_unwind.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentUnwind
{
    public ulong modules;
    public uint version;
    public uint reserved;
    public ulong rows;
    public ulong row_capacity;
    public ulong rules;
    public ulong rule_capacity;
}

/// <summary>struct kaa_native: only the agent reads it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 180_256)]
internal struct AgentNative
{
    public ulong low;
}

/// <summary>struct kaa_thread, its beginning.</summary>
[StructLayout(LayoutKind.Sequential, Size = 139_328)]
internal struct AgentThread
{
    public uint tid;
}

/// <summary>struct kaa_place.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentPlace
{
    public ulong pointer;
    public long left;
    public ulong outer;
    public uint tid;
    public uint number;

    /// <summary>In <see cref="tid"/>: it is the thread's of an earlier recording, which begins anew as it finds another id than its own.</summary>
    public const uint Former = 1u << 31;

    /// <summary><see cref="left"/> where no distance to a sample was drawn yet.</summary>
    public const long Undrawn = -(1L << 62);

    /// <summary>0 where no thread has begun there yet.</summary>
    public readonly int Tid => (int)(tid & ~Former);
}

/// <summary>struct kaa_own.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentOwn
{
    public const int PlaceCount = 1024;
    public const int FilterSize = 65_536;
    public const int LifeCount = 4096;

    public ulong memory;
    public Functions domains;
    public Small small;
    public ulong arena;
    public Places places;
    public Filter filter;
    public Words left;
    public Words raw;
    public ulong code_end;
    public ulong codes_gone;
    public ulong codes_told;
    public Lives lives;

    /// <summary>Of PyMem and PyObject.</summary>
    [InlineArray(2)]
    public struct Small
    {
        private ulong _first;
    }

    [InlineArray(LifeCount)]
    public struct Lives
    {
        private ushort _first;
    }

    [InlineArray(PlaceCount)]
    public struct Words
    {
        private ulong _first;
    }

    [InlineArray(PlaceCount)]
    public struct Places
    {
        private AgentPlace _first;
    }

    [InlineArray(FilterSize)]
    public struct Filter
    {
        private byte _first;
    }

    /// <summary>malloc, calloc, realloc and free of each domain.</summary>
    [InlineArray(12)]
    public struct Functions
    {
        private ulong _first;
    }
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
    public uint session;
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
    public int chunk;
    public uint chunks;
    public ulong ring_shift;
    public ulong unwind;
    public ulong natives;
    public int entry;
    public int cframe_back;
    public int mark;
    public int generator;
    public ulong contents;
    public int bytes_data;
    public int text_data;
    public int text_state;
    public uint text_ascii;
    private readonly Gap _unused;
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

    [InlineArray(3)]
    public struct Gap
    {
        private ulong _first;
    }
}
