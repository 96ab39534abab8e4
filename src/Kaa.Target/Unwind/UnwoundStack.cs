using Kaa.Formats;

namespace Kaa.Target.Unwind;

/// <summary>One C frame.</summary>
/// <param name="Pc">Where it stands: the return address for all but the innermost and those that a signal interrupted.</param>
/// <param name="Cfa">Its canonical frame address: the stack pointer before the call that made it. Null address where it is not known.</param>
/// <param name="ExactPc">True where <see cref="Pc"/> is the instruction itself and not a return address behind a call.</param>
public readonly record struct UnwoundFrame(Address Pc, Address Cfa, bool ExactPc)
{
    /// <summary>Stack pointer in this frame: what lies from here to <see cref="Cfa"/> is its own.</summary>
    public Address StackPointer { get; init; }

    /// <summary>Start of the code range (a function, or its .cold part) that the unwind rules name; null address where there are none.</summary>
    public Address Range { get; init; }

    /// <summary>Where the call led that made the frame, where that call was found by itself (no unwind rules); null address else.</summary>
    public Address Entry { get; init; }

    /// <summary>Registers in this frame, as far as the frames inside of it have saved them.</summary>
    public Arch.X64Registers? Registers
    {
        get => Saved is { } saved ? saved.Of(Place) : field;
        init;
    }

    /// <summary>Where they are read when they are asked for; null where they have been read.</summary>
    internal SavedRegisters? Saved { get; init; }

    /// <summary>The frame's index there.</summary>
    internal int Place { get; init; }

    /// <summary>The kernel's frame for a signal handler: no function of anybody's.</summary>
    public bool Signal { get; init; }

    /// <summary>An address inside of the instruction that is being executed, for looking up names and lines.</summary>
    public Address LookupPc => ExactPc ? Pc : Pc - 1;
}

/// <param name="EndReason">Why it ends before the thread's first function; null where it got there.</param>
/// <param name="NeedsRegisters">True where it would go on if the thread's registers were known: the thread slept and was not stopped.</param>
public sealed record UnwoundStack(IReadOnlyList<UnwoundFrame> Frames, string? EndReason, bool NeedsRegisters = false);
