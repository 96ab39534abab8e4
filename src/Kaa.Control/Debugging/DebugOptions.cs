using Kaa.Target.Cores;

namespace Kaa.Control.Debugging;

/// <summary>What <c>kaa debug</c> was started with, as far as the session needs it.</summary>
public sealed record DebugOptions
{
    /// <summary>Where the files of cores are.</summary>
    public CoreOptions Core { get; init; } = new();

    /// <summary>Where debug files are sought first; absolute.</summary>
    public IReadOnlyList<string> DebugDirectories { get; init; } = [];

    /// <summary>The program to be run and its arguments (<c>kaa debug -- CMD…</c>); empty for none.</summary>
    public IReadOnlyList<string> Program { get; init; } = [];

    /// <summary><c>--follow-fork</c>: parent, child or both.</summary>
    public string FollowFork { get; init; } = "parent";

    /// <summary>Nobody can be asked (<c>--batch</c>, or no terminal).</summary>
    public bool IsBatch { get; init; }

    /// <summary>Throws <see cref="OperationCanceledException"/> where Ctrl-C was pressed.</summary>
    public Action ThrowIfInterrupted { get; init; } = () => { };

    /// <summary>True where Ctrl-C was pressed since it was last asked: while a process runs, that stops it.</summary>
    public bool TakeInterrupt()
    {
        try
        {
            ThrowIfInterrupted();
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
