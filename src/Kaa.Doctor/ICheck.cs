using Kaa.Results;

namespace Kaa.Doctor;

/// <summary>
/// One thing that can make debugging fail or lie. A check is a small sealed class: it looks at the examined target, and says what it found with
/// evidence and remedy. What it can't read it says too (<see cref="Finding.Incomplete"/>); where a fault of the target or a malformed file comes
/// out of it, <see cref="Examination"/> says so in its place.
/// </summary>
public interface ICheck
{
    /// <summary>As a message names it: "mapped files".</summary>
    string Subject { get; }

    /// <summary>Nothing where the check has nothing to do with this target.</summary>
    IEnumerable<Finding> Examine(Examined examined);
}
