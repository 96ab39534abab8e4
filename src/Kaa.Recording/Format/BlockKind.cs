namespace Kaa.Recording.Format;

/// <summary>The kinds of blocks. A reader passes over kinds that it does not know.</summary>
public enum BlockKind : byte
{
    /// <summary>What was recorded, and how: one object of JSON. The first block.</summary>
    Facts = 1,

    /// <summary>Texts; each gets the next number, from 1 on.</summary>
    Names = 2,

    /// <summary>Places; each gets the next number, from 0 on.</summary>
    Frames = 3,

    /// <summary>Nodes of the tree of stacks; each gets the next number, from 1 on.</summary>
    Stacks = 4,

    /// <summary>Threads; each gets the next number, from 0 on.</summary>
    Threads = 5,

    /// <summary>What happened, in order.</summary>
    Events = 6,

    /// <summary>How large the process was at some moments.</summary>
    Sizes = 7,

    /// <summary>Events that were lost.</summary>
    Losses = 8,

    /// <summary>Sums by site instead of events.</summary>
    Sums = 9,

    /// <summary>The recording has ended, and how. The last block; where it is missing the recording goes on, or was cut off.</summary>
    End = 10,

    /// <summary>What threads are called by now: later than their first event.</summary>
    ThreadNames = 11,

    /// <summary>Another block, packed: its kind (one byte), how long it is (uleb), and its content in LZ4's block format.</summary>
    Packed = 12,

    /// <summary>Files of code; each gets the next number, from 0 on.</summary>
    Modules = 13,

    /// <summary>What lies at addresses of code: functions, files and lines of frames that were told before.</summary>
    Symbols = 14,
}
