namespace Kaa.Cli;

/// <summary>The command line makes no sense.</summary>
/// <param name="verb">Whose help to point to; null for Kaa's own.</param>
internal sealed class UsageError(string message, string? verb = null) : Exception(message)
{
    public string Hint => verb is null ? "see kaa --help" : $"see kaa {verb} --help";
}
