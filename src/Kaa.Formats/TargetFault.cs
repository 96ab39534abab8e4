namespace Kaa.Formats;

public enum FaultReason
{
    /// <summary>Nothing is mapped there, or not all of it.</summary>
    Unmapped,

    /// <summary>The time that the target may stand still was used up.</summary>
    Budget,

    /// <summary>The target exited or replaced its image while it was being read.</summary>
    Gone,

    /// <summary>What lies there can't be what it should be: a count beyond a limit, a chain that runs in a circle.</summary>
    Nonsense,
}

/// <summary>
/// Target memory that could not be read, or made no sense. Caught at the borders of items only (thread, frame, local,
/// object), where it becomes an "unknown" with this reason.
/// </summary>
public sealed class TargetFault : Exception
{
    public TargetFault(FaultReason reason, Address address, string message)
        : base(message)
    {
        Reason = reason;
        Address = address;
    }

    public FaultReason Reason { get; }

    public Address Address { get; }

    public static TargetFault Unmapped(Address address, int length) =>
        new(FaultReason.Unmapped, address, $"{length} bytes at {address} can't be read");

    public static TargetFault Nonsense(Address address, string what) => new(FaultReason.Nonsense, address, $"{what} at {address}");
}
