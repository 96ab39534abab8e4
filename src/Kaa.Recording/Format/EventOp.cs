namespace Kaa.Recording.Format;

/// <summary>The low three bits of an event's first byte; the other five hold a small number n.</summary>
internal enum EventOp : byte
{
    /// <summary>An allocation like the last one: the same size, stack and function, by the current thread.</summary>
    Same = 0,

    /// <summary>An allocation like an earlier one: the place in <see cref="EventState"/>'s table is n·256 + the next byte.</summary>
    Recent = 1,

    /// <summary>An allocation by function n: size (uleb), number of the stack less that of the last one told so (sleb).</summary>
    New = 2,

    /// <summary>Memory is given back: n − 1 allocations lie between it and now; n = 0: 31 and more, their number less 31 follows (uleb).</summary>
    Free = 3,

    /// <summary>n = 0: some of it is given back (munmap): how many allocations lie between (uleb), bytes (uleb). Else memory is given back, n − 16 allocations behind what was given back last.</summary>
    Shrink = 4,

    /// <summary>What follows is by thread n − 1; n = 0: its number less 31 follows (uleb).</summary>
    Thread = 5,

    /// <summary>n = 0: time goes on: microseconds (uleb). n = 1: memory is given back, so many allocations (sleb) behind what was given back last.</summary>
    Time = 6,

    /// <summary>An allocation by function n, with the stack of the last one told so or in full: its size less that one's (sleb).</summary>
    Resized = 7,
}

/// <summary>An allocation without its thread and moment: programs make the same few again and again.</summary>
internal readonly record struct AllocationShape(int Stack, long Bytes, Memory.AllocatorKind Allocator);

/// <summary>What writer and reader both keep while they go through the events, so that it need not be told.</summary>
internal sealed class EventState
{
    public const int SmallNumbers = 31;

    /// <summary>n of an end that is told by the one before: lower ones are in front of it.</summary>
    public const int SameEnd = 16;

    public const int FarEnd = 1;

    private const int Places = 32 * 256;

    private readonly AllocationShape[] _recent = new AllocationShape[Places];

    public long NextIndex { get; set; }

    /// <summary>Index of the allocation whose end came last.</summary>
    public long LastEnd { get; set; }

    public int Thread { get; set; }

    /// <summary>Of the last shape that was told in full, or by its size.</summary>
    public int ToldStack { get; private set; }

    public long ToldBytes { get; private set; }

    public long Microseconds { get; set; }

    public AllocationShape Last { get; set; }

    public static int PlaceOf(in AllocationShape shape)
    {
        ulong mixed = unchecked(((ulong)(uint)shape.Stack * 0x9e3779b97f4a7c15) ^ ((ulong)shape.Bytes * 0xc2b2ae3d27d4eb4f) ^ (ulong)shape.Allocator << 40);
        return (int)(unchecked(mixed * 0x9e3779b97f4a7c15) >> 51);
    }

    public AllocationShape At(int place) => _recent[place];

    /// <summary>One that was told in full, or by its size.</summary>
    public void Keep(in AllocationShape shape)
    {
        _recent[PlaceOf(shape)] = shape;
        (ToldStack, ToldBytes) = (shape.Stack, shape.Bytes);
    }
}
