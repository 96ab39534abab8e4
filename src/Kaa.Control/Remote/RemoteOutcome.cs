namespace Kaa.Control.Remote;

public enum RemoteEnd
{
    /// <summary>All calls were made; the thread is stopped, and as it was before.</summary>
    Done,

    /// <summary>A signal was on its way to the thread before the first call: no call was made, and it is stopped as it was before.</summary>
    Interrupted,

    /// <summary>The code could not be written. Nothing has changed.</summary>
    NotWritten,

    /// <summary>The thread has ended, with or without its process.</summary>
    Ended,

    /// <summary>It does not come to its next stop. It will make its calls and go back by itself.</summary>
    Stuck,
}

/// <param name="Results">Of the calls that were made, in order: as the kernel gives them, −errno for failures.</param>
/// <param name="Child">Of the call that made one: its pid as seen from here. It is traced, and about to stop.</param>
public sealed record RemoteOutcome(RemoteEnd End, IReadOnlyList<long> Results, int? Child);
