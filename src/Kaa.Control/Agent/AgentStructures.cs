using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kaa.Control.Agent;

// The mirrors of agent/protocol.h, by the names that it has there. A unit test compares sizes and offsets with what the C compiler says.

/// <summary>struct kaa_registers: by the numbers of <see cref="Kaa.Target.Arch.X64Registers"/> (DWARF's); 17 are the flags.</summary>
[InlineArray(Count)]
public struct AgentRegisters
{
    public const int Count = 18;
    public const int Flags = 17;

    private ulong _first;
}

/// <summary>struct kaa_python.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentPython
{
    public AgentFrameForm form;
    public uint search;
    public int state;
    public int frame;
    public int cframe_frame;
    public int code;
    public int back;
    public int instruction;
    public int instruction_size;
    public int owner;
    public int shim;
    public int thread_id;
    public int next;
    public InlineMarks marks;
    public ulong code_mask;
    public ulong list;

    [InlineArray(3)]
    public struct InlineMarks
    {
        private int _first;
    }
}

internal enum AgentFrameForm : uint
{
    None,
    FrameObjects,
    CFrames,
    CurrentFrame,
}

internal enum AgentHookState : uint
{
    Free,
    Prepared,
    Armed,
    Removed,
}

[Flags]
internal enum AgentWants : uint
{
    None = 0,
    Stack = 1,
    Return = 2,
    UnknownIsNo = 4,
}

/// <summary>struct kaa_hook.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentHook
{
    public const int ProgramSize = 368;

    public ulong address;
    public ulong island;
    public ulong word;
    public ulong original;
    public ulong patched;
    public uint patch_size;
    public uint displaced;
    public AgentHookState state;
    public uint action;
    public AgentWants wants;
    public uint program_size;
    public uint texts;
    public uint most_frames;
    public ulong hits;
    public ulong matches;
    public ulong unknown;
    public ulong lost;
    public ulong returns;
    public Words4 reserved;
    public Program program;

    [InlineArray(4)]
    public struct Words4
    {
        private ulong _first;
    }

    [InlineArray(ProgramSize)]
    public struct Program
    {
        private byte _first;
    }
}

internal enum AgentEventKind : ushort
{
    Gap,
    Call,
    Return,
}

[Flags]
internal enum AgentEventFlags : ushort
{
    None = 0,
    Unknown = 1,
    Parked = 2,
    StackLost = 4,
    NoReturn = 8,
}

/// <summary>struct kaa_event, without its texts.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentEventHead
{
    public ulong mark;
    public uint units;
    public AgentEventKind kind;
    public AgentEventFlags flags;
    public uint hook;
    public uint tid;
    public ulong time;
    public ulong number;
    public ulong thread;
    public ulong stack;
    public ulong caller;
    public AgentRegisters registers;
    public uint text_size;
    public uint text_size1;
}

/// <summary>struct kaa_stack.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentStackHead
{
    public ulong hash;
    public uint frames;
    public uint depth;
}

/// <summary>struct kaa_frame.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentFrame
{
    public ulong code;
    public ulong instruction;
    public ulong print;
}

internal enum AgentParkState : uint
{
    Free,
    Filling,
    Waiting,
    Released,
}

/// <summary>struct kaa_park.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1024)]
internal struct AgentPark
{
    public AgentParkState state;
    public uint reserved;
    public ulong order;
    public AgentEventHead @event;
}

/// <summary>struct kaa_trap.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentTrap
{
    public ulong address;
    public ulong resume;
}

[Flags]
internal enum AgentCalls : uint
{
    None = 0,
    Clock = 1,
    Futex = 2,
    Read = 4,
    Tid = 8,
}

/// <summary>struct kaa_header.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentHeader
{
    public const ulong Magic = 0x31746e656761614b;
    public const int MostIslands = 64;

    public ulong magic;
    public uint protocol;
    public uint header_size;
    public ulong size;
    public ulong shared;
    public ulong image;
    public ulong image_size;
    public ulong state;
    public ulong build;
    public ulong hooks;
    public uint hook_size;
    public uint hook_count;
    public ulong traps;
    public uint trap_size;
    public uint trap_count;
    public ulong parks;
    public uint park_size;
    public uint park_count;
    public ulong buckets;
    public ulong bucket_count;
    public ulong arena;
    public ulong arena_size;
    public ulong ring;
    public ulong ring_units;
    public uint pid;
    public AgentCalls calls;
    public int tid;
    public uint hook_capacity;
    public uint trap_capacity;
    public uint owner;
    public uint trap_handler;
    public uint gone;
    public Islands islands;
    public AgentPython python;
    private readonly Gap6 _gap6; // the next field begins a cache line
    public ulong heartbeat;
    public ulong tail;
    public uint waits;
    public uint parks_waiting;
    private readonly Gap5 _gap5;
    public ulong head;
    public ulong lost;
    public ulong arena_used;
    public ulong stacks_lost;
    public ulong order;
    public ulong number;
    public ulong memory;
    private readonly ulong _gap3;

    [InlineArray(MostIslands)]
    public struct Islands
    {
        private ulong _first;
    }

    [InlineArray(6)]
    private struct Gap6
    {
        private ulong _first;
    }

    [InlineArray(5)]
    private struct Gap5
    {
        private ulong _first;
    }
}

/// <summary>struct kaa_state.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentState
{
    public ulong enabled;
    public ulong own;
}

/// <summary>struct kaa_image: how the image begins.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AgentImageHead
{
    public ulong magic;
    public uint protocol;
    public uint text_size;
    public uint size;
    public uint shared;
    public uint state;
    public uint probe;
    public uint trap;
    public uint restorer;
    public uint returns;
    public uint wrap;
    public uint own;
    public Domains domains;
    public Domains samples;
    public uint arena;
    public uint code_end;

    [InlineArray(12)]
    public struct Domains
    {
        private uint _first;
    }
}
