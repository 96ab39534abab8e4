using System.Globalization;

namespace Kaa.Results;

/// <summary>A number of things, as a sentence says it: <c>1 thread</c>, <c>3,000 threads</c>.</summary>
public static class Quantity
{
    /// <param name="many">Null where it is <paramref name="one"/> and an s.</param>
    public static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {(count == 1 ? one : many ?? one + "s")}");
}
