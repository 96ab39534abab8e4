using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Report.Memory.Html;

namespace Kaa.Report.Memory;

/// <summary>How two recordings differ, as a page: flame graphs of what has grown, what has shrunk, and of both recordings; a table of growth.</summary>
public static class DifferenceHtml
{
    /// <exception cref="IOException">The output takes no more.</exception>
    public static void Write(MemoryView before, MemoryView after, Stream output) => ReportFile.Write(output, json => WriteData(before, after, json));

    private static void WriteData(MemoryView before, MemoryView after, Utf8JsonWriter json)
    {
        var tables = new PageTables(mergesThreads: true);
        SiteTable then = Sums(before, tables.Add(before.Analysis.Recording.Tables));
        SiteTable now = Sums(after, tables.Add(after.Analysis.Recording.Tables));
        json.WriteBoolean("difference"u8, true);
        json.Text("view"u8, "grown");
        json.Text("of"u8, MemoryNames.Describe(after.Kind));
        json.Text("verdict"u8, DifferenceText.Verdict(Difference.By(before, after, GroupKind.Line), before, after));
        json.Text("summary"u8, "before: " + Describe(before) + "; after: " + Describe(after));
        json.WriteNumber("peak"u8, after.Analysis.AtPeak.Bytes);
        json.WriteNumber("peakAt"u8, after.Analysis.PeakMicroseconds / 1e6);
        new PageCourse(after.Analysis).Write(json, "timeline"u8);
        new PageCourse(before.Analysis).Write(json, "earlier"u8);
        json.WriteStartObject("views"u8);
        WriteRows(json, "grown"u8, now, then);
        WriteRows(json, "shrunk"u8, then, now);
        WriteRows(json, "after"u8, now, null);
        WriteRows(json, "before"u8, then, null);
        json.WriteEndObject();
        json.WriteStartArray("spans"u8);
        json.WriteEndArray();
        tables.Write(json);
    }

    private static string Describe(MemoryView view) => MemorySentences.Process(view.Analysis.Recording.Facts) + ", " + ByteText.Of(view.Total.Bytes);

    /// <summary>By sites as the page numbers them.</summary>
    private static SiteTable Sums(MemoryView view, PageNumbers numbers)
    {
        var sums = new SiteTable();
        foreach (MemoryEntry entry in view.Entries)
            sums.Add(sums.Number(numbers.Of(entry.Site)), entry.Sum, 0);
        return sums;
    }

    /// <param name="less">What is taken away from them, where more is left; null for nothing.</param>
    private static void WriteRows(Utf8JsonWriter json, ReadOnlySpan<byte> key, SiteTable sums, SiteTable? less)
    {
        json.WriteStartArray(key);
        for (int i = 0; i < sums.Count; i++)
        {
            AllocationSite site = sums.Site(i);
            Sum rest = less is null ? sums.All(i) : sums.All(i) - less.All(less.Number(site));
            if (rest.Bytes > 0)
                PageRows.Write(json, site, rest);
        }

        json.WriteEndArray();
    }
}
