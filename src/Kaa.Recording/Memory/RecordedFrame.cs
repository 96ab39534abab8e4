namespace Kaa.Recording.Memory;

public enum RecordedFrameKind : byte
{
    Python = 0,
    Native = 1,

    /// <summary>In the file only: an address of code, which other blocks name.</summary>
    Address = 2,
}

/// <summary>A place in a program, as it is told once for all stacks that go through it.</summary>
/// <param name="File">Of the source; null where it is not known.</param>
/// <param name="Line">0 where it is not known.</param>
/// <param name="Module">The file of a C frame's code; null for Python.</param>
/// <param name="Offset">Of a C frame whose function is not known: its address as the module's own tables have it; else 0.</param>
public readonly record struct RecordedFrame(RecordedFrameKind Kind, string? Function, string? File, int Line, string? Module, long Offset = 0);

/// <summary>A thread that allocated.</summary>
/// <param name="Tid">As seen from the recorded process's own pid namespace.</param>
public readonly record struct RecordedThread(int Tid, string? Name);

/// <summary>Where memory comes from: what allocations are added up by.</summary>
/// <param name="Stack">Of the recording; 0 where there was no Python frame (and no C frame was recorded).</param>
/// <param name="Thread">Index among the recording's threads.</param>
public readonly record struct AllocationSite(int Stack, int Thread, AllocatorKind Allocator);

/// <summary>An allocation as it happened.</summary>
/// <param name="Index">Counted from 0 over all of the recording.</param>
/// <param name="Microseconds">Since the recording began.</param>
public readonly record struct Allocation(long Index, AllocationSite Site, long Bytes, long Microseconds);
