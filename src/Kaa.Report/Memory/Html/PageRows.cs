using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory.Html;

/// <summary>Rows of a page: [stack, thread, allocator, …, count, bytes].</summary>
internal static class PageRows
{
    public static void Write(Utf8JsonWriter json, in AllocationSite site, in Sum sum)
    {
        json.WriteStartArray();
        WriteSite(json, site);
        WriteSum(json, sum);
        json.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter json, in AllocationSite site, in LifeSpan span, in Sum sum)
    {
        json.WriteStartArray();
        WriteSite(json, site);
        json.WriteNumberValue(span.Birth);
        json.WriteNumberValue(span.Death);
        WriteSum(json, sum);
        json.WriteEndArray();
    }

    private static void WriteSite(Utf8JsonWriter json, in AllocationSite site)
    {
        json.WriteNumberValue(site.Stack);
        json.WriteNumberValue(site.Thread);
        json.WriteNumberValue((int)site.Allocator);
    }

    private static void WriteSum(Utf8JsonWriter json, in Sum sum)
    {
        json.WriteNumberValue(Math.Round(sum.Count, 2));
        json.WriteNumberValue(Math.Round(sum.Bytes));
    }
}
