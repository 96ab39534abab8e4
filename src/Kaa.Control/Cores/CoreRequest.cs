namespace Kaa.Control.Cores;

/// <summary>What <c>kaa core</c> was asked for.</summary>
public sealed record CoreRequest
{
    public required int Pid { get; init; }

    /// <summary>Null for <see cref="Output"/>.</summary>
    public string? Path { get; init; }

    /// <summary>Where the core goes if it goes to no file: it is written from its first byte to its last.</summary>
    public Stream? Output { get; init; }

    public bool Force { get; init; }

    /// <summary>The process stands still until all is written; it is not made to fork.</summary>
    public bool Plain { get; init; }

    /// <summary>Threads that the caller, on whose thread all is done then, holds already, and goes on to hold; only with <see cref="Plain"/>. Null for none.</summary>
    public Linux.Looking.HeldProcess? Held { get; init; }

    /// <summary>Null for any.</summary>
    public TimeSpan? MaxPause { get; init; }

    /// <summary>Told before anything is stopped.</summary>
    public Action<CorePrediction> OnPrediction { get; init; } = _ => { };

    /// <summary>Bytes of memory that were written, and that there are.</summary>
    public Action<ulong, ulong> OnProgress { get; init; } = (_, _) => { };

    /// <summary>Throws where the user wants it to end.</summary>
    public Action ThrowIfInterrupted { get; init; } = () => { };
}

/// <param name="Way">How it is going to be done.</param>
/// <param name="PauseMicroseconds">How long the process is likely to stand still.</param>
/// <param name="Bytes">How much there is to write.</param>
/// <param name="Note">Why it can't be a snapshot, where one was asked for; null where it can.</param>
public sealed record CorePrediction(Results.CoreWay Way, long PauseMicroseconds, ulong Bytes, Results.Note? Note);
