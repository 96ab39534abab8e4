using Kaa.Formats;

namespace Kaa.Control.Conditions;

/// <summary>The moment in which a condition is asked: a thread that stands at a probe.</summary>
public interface IConditionContext
{
    /// <summary>Null where it is not known.</summary>
    long? Register(int number);

    IMemory Memory { get; }

    /// <summary>A text or a <see cref="long"/>; null where there is none (no Python frame), or it is not known.</summary>
    object? Fact(ConditionFact fact);
}

/// <param name="Holds">Null where it can't be told.</param>
/// <param name="Unknown">Why it can't; null where it can.</param>
public readonly record struct ConditionAnswer(bool? Holds, string? Unknown);
