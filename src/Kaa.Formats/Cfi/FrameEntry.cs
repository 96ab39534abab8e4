namespace Kaa.Formats.Cfi;

/// <summary>A Common Information Entry: what many functions' unwind programs share.</summary>
internal sealed class CommonEntry
{
    public required ulong CodeAlignment { get; init; }

    public required long DataAlignment { get; init; }

    public required int ReturnColumn { get; init; }

    public required byte PointerEncoding { get; init; }

    public required bool HasAugmentationData { get; init; }

    public required bool SignalFrame { get; init; }

    public required byte[] Instructions { get; init; }
}

/// <summary>A Frame Description Entry: the unwind program of one range of code.</summary>
internal sealed class FrameEntry
{
    public required CommonEntry Common { get; init; }

    public required Address Start { get; init; }

    public required Address End { get; init; }

    public required byte[] Instructions { get; init; }

    /// <summary>Where <see cref="Instructions"/> lie, for DW_CFA_set_loc.</summary>
    public required Address InstructionsAt { get; init; }

    public bool Contains(Address pc) => pc >= Start && pc < End;
}
