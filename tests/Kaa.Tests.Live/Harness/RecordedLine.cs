using System.Globalization;
using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>What a report of <c>kaa mem</c> says of one line of a fixture.</summary>
public static class RecordedLine
{
    /// <summary>Blocks that the line itself allocated.</summary>
    /// <param name="report">As JSON.</param>
    /// <param name="mark">As of <see cref="Repository.LineOf"/>.</param>
    /// <param name="allocator">Of which allocators, by name.</param>
    public static (long Count, long Bytes) Of(JsonElement report, string fixture, string mark, Predicate<string> allocator)
    {
        string line = Repository.LineOf(mark, fixture).ToString(CultureInfo.InvariantCulture);
        long count = 0;
        long bytes = 0;
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            JsonElement stack = entry.GetProperty("stack");
            if (stack.GetArrayLength() == 0 || !allocator(entry.GetProperty("allocator").GetString()!))
                continue;
            if (stack[0].GetProperty("line").ToString() != line || !stack[0].GetProperty("file").GetString()!.EndsWith(fixture, StringComparison.Ordinal))
                continue;
            count += entry.GetProperty("count").GetInt64();
            bytes += entry.GetProperty("bytes").GetInt64();
        }

        return (count, bytes);
    }

    /// <summary>The same of all allocators whose names begin so.</summary>
    public static (long Count, long Bytes) Of(JsonElement report, string fixture, string mark, string prefix) =>
        Of(report, fixture, mark, name => name.StartsWith(prefix, StringComparison.Ordinal));
}
