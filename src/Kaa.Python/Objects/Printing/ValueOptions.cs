using System.Text.RegularExpressions;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>How values are printed.</summary>
public sealed record ValueOptions
{
    public static readonly ValueOptions Default = new();

    /// <summary>Characters of one value's text; a longer one is cut there and ends with <c>…</c>.</summary>
    public int MaxValue { get; init; } = 200;

    /// <summary>A variable, attribute or key (of a dict) whose name one of these finds has <c>&lt;redacted&gt;</c> for a value.</summary>
    public IReadOnlyList<Regex> Redact { get; init; } = [];

    /// <summary>How deep values are followed.</summary>
    public int Depth { get; init; } = Limits.ValueDepth;

    /// <summary>How many objects inside one another show their attributes; the ones inside these show type and address only.</summary>
    public int ObjectDepth { get; init; } = 1;

    public bool Redacts(string name)
    {
        foreach (Regex regex in Redact)
        {
            if (regex.IsMatch(name))
                return true;
        }

        return false;
    }
}

/// <summary>A value's text.</summary>
/// <param name="Type">The type's name, without <c>builtins</c> and <c>__main__</c>; null where not even that could be read.</param>
/// <param name="Text">Null where it could not be read. Ends with <c>…</c> where it was cut.</param>
/// <param name="Length">
/// Characters of the whole text where it was cut and the whole is known: of str, bytes, bytearray and int. Null else, so that a cut
/// container (whose every item would have to be read) has none.
/// </param>
/// <param name="Unreadable">Why, where <paramref name="Text"/> is null.</param>
public sealed record PrintedValue(string? Type, string? Text, long? Length, string? Unreadable);
