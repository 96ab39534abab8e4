namespace Kaa.Doctor.Predictions.Loading;

/// <summary>One reason why a library would not load.</summary>
/// <param name="Code">As docs/doctor.md lists it, without the option's name before it.</param>
/// <param name="Message">As the loader would put it.</param>
/// <param name="Evidence">What was looked at.</param>
internal sealed record LoadProblem(string Code, string Message, IReadOnlyList<string> Evidence)
{
    /// <summary>It fails only when the function is first called, unless all is bound at once (RTLD_NOW, LD_BIND_NOW).</summary>
    public bool OnlyWhenCalled { get; init; }
}
