using Kaa.Formats;

namespace Kaa.Python.Tasks;

/// <summary>
/// A <c>PyGreenlet</c> of greenlet 0.4 and 1, as its words stand behind the object's head (greenlet.h of 0.4.17 and 1.1.3): <c>stack_start</c>, <c>stack_stop</c>,
/// <c>stack_copy</c>, <c>stack_saved</c>, <c>stack_prev</c>, <c>parent</c>, <c>run_info</c>, <c>top_frame</c>, <c>recursion_depth</c>, <c>weakreflist</c>, then what
/// differs by Python's version.
/// </summary>
internal readonly struct PlainGreenlet(ulong[] words)
{
    public const int FrameWord = 7;

    /// <summary>Up to <c>weakreflist</c>, and three words of exceptions and a dict.</summary>
    public const int SmallestSize = 14 * 8;

    private const int ParentWord = 5;

    public ulong[] Words => words;

    /// <summary>It has begun, and not ended: PyGreenlet_ACTIVE.</summary>
    public bool IsActive => words.Length > FrameWord && words[0] != 0;

    /// <summary>The innermost frame, a frame object; null address while it runs.</summary>
    public Address Frame => new(words[FrameWord]);

    public Address Parent => new(words[ParentWord]);
}
