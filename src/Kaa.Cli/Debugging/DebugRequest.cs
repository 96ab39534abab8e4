using Kaa.Control.Debugging;

namespace Kaa.Cli.Debugging;

/// <param name="IsFile">A file of lines (<c>-x</c>); else one line (<c>-ex</c>).</param>
internal sealed record StartupLine(bool IsFile, string Text);

/// <summary>What <c>kaa debug</c> was asked for.</summary>
internal sealed record DebugRequest
{
    /// <summary>Null where a core or a program is debugged, or nothing yet.</summary>
    public int? Pid { get; init; }

    /// <summary>Path of a core.</summary>
    public string? Core { get; init; }

    /// <summary>In the order in which they were given.</summary>
    public IReadOnlyList<StartupLine> Lines { get; init; } = [];

    public bool Batch { get; init; }

    public bool? Colour { get; init; }

    public DebugOptions Options { get; init; } = new();
}
