namespace Kaa.Results;

/// <summary>Something that the user can act on: what is wrong, and what to do about it. Never shown with a stack trace.</summary>
public sealed class UserError : Exception
{
    public UserError(string code, string message, string? hint = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Hint = hint;
    }

    /// <summary>Stable, kebab-case: <c>no-such-process</c>.</summary>
    public string Code { get; }

    public string? Hint { get; }
}
