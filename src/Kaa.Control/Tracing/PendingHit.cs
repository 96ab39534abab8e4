using Kaa.Control.Tracing.Decoding;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>A call that was asked for, from its entry on.</summary>
internal sealed class PendingHit
{
    public required Signature Signature { get; init; }

    /// <summary>Microseconds of the clock.</summary>
    public required long Began { get; init; }

    public required SyscallArguments Arguments { get; init; }

    public required CallPlace Place { get; init; }

    public required TraceArgument[] Shown { get; set; }

    public required TraceStack Stack { get; set; }

    public required string? Thread { get; init; }
}
