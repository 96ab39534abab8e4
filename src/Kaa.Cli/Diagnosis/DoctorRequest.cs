using Kaa.Doctor;
using Kaa.Target.Cores;

namespace Kaa.Cli.Diagnosis;

/// <summary>What the command line of <c>kaa doctor</c> asks for.</summary>
internal sealed record DoctorRequest
{
    /// <summary>Null where there is no process.</summary>
    public int? Pid { get; init; }

    /// <summary>Path of a core; null where there is none.</summary>
    public string? Core { get; init; }

    public CoreOptions CoreOptions { get; init; } = new();

    /// <summary>What was asked to be foretold, in place of an examination; empty for an examination.</summary>
    public IReadOnlyList<ICheck> Predictions { get; init; } = [];

    public bool Json { get; init; }

    /// <summary>What --color or --no-color said; null where neither was given.</summary>
    public bool? Colour { get; init; }
}
