using Kaa.Doctor.Checks;

namespace Kaa.Doctor;

/// <summary>Which checks make an examination, in the order in which equals are told.</summary>
public static class AllChecks
{
    /// <summary>Of the machine alone.</summary>
    public static IReadOnlyList<ICheck> OfHost() => [];

    public static IReadOnlyList<ICheck> OfProcess() => [new TracerCheck()];

    public static IReadOnlyList<ICheck> OfCore() => [];
}
