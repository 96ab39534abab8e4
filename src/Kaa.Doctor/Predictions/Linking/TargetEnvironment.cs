using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Doctor.Predictions.Linking;

/// <summary>What of a process's start decides how its loader works. The loader has read it then: later changes by the program do not count.</summary>
/// <param name="LibraryPath">LD_LIBRARY_PATH, in its parts.</param>
/// <param name="Preload">LD_PRELOAD, in its parts.</param>
/// <param name="BindsNow">LD_BIND_NOW is set.</param>
/// <param name="IsSecure">The program was started with more rights than its caller has (AT_SECURE): the loader ignores most variables.</param>
/// <param name="IsKnown">False where the environment may not be read.</param>
internal sealed record TargetEnvironment(
    IReadOnlyList<string> LibraryPath, IReadOnlyList<string> Preload, bool BindsNow, bool IsSecure, bool IsKnown)
{
    public static TargetEnvironment Of(Examined examined)
    {
        IReadOnlyList<string>? variables = examined.Process?.Environment;
        bool isSecure = IsSecureStart(examined);
        return new TargetEnvironment(
            isSecure ? [] : Split(Value(variables, "LD_LIBRARY_PATH"), ':', ';'),
            Split(Value(variables, "LD_PRELOAD"), ':', ' '),
            Value(variables, "LD_BIND_NOW") is { Length: > 0 },
            isSecure,
            variables is not null);
    }

    private static bool IsSecureStart(Examined examined)
    {
        try
        {
            return examined.Process?.Bytes("auxv") is { } bytes && AuxiliaryVector.Parse(bytes)[AuxiliaryKey.Secure] is > 0;
        }
        catch (BadData)
        {
            return false;
        }
    }

    private static string? Value(IReadOnlyList<string>? variables, string name) =>
        variables?.FirstOrDefault(variable => variable.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private static string[] Split(string? text, params char[] separators) =>
        text is null ? [] : text.Split(separators, StringSplitOptions.RemoveEmptyEntries);
}
