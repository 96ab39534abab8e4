using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Report.Memory.Html;

namespace Kaa.Report.Memory;

/// <summary>
/// One page with everything in it: flame graph, course of time, table. It loads nothing. Views that are exact in the other reports are so here; a range of
/// time is exact to a stretch of it.
/// </summary>
public static class MemoryHtml
{
    /// <exception cref="IOException">The recording can't be read, or the output takes no more.</exception>
    public static void Write(AllocationAnalysis analysis, MemoryViewKind first, Stream output) => ReportFile.Write(output, json => WriteData(analysis, first, json));

    private static void WriteData(AllocationAnalysis analysis, MemoryViewKind first, Utf8JsonWriter json)
    {
        var tables = new PageTables(mergesThreads: false);
        PageNumbers numbers = tables.Add(analysis.Recording.Tables);
        var course = new PageCourse(analysis);
        json.Text("view"u8, MemoryNames.Of(first));
        json.Text("verdict"u8, MemorySentences.Verdict(new MemoryView(analysis, first)));
        json.Text("summary"u8, MemorySentences.Process(analysis.Recording.Facts) + "; " + MemorySentences.Amounts(analysis));
        json.WriteNumber("peak"u8, analysis.AtPeak.Bytes);
        json.WriteNumber("peakAt"u8, analysis.PeakMicroseconds / 1e6);
        course.Write(json, "timeline"u8);
        json.WriteStartObject("views"u8);
        foreach (MemoryViewKind kind in (MemoryViewKind[])[MemoryViewKind.Peak, MemoryViewKind.Leaks, MemoryViewKind.Temporary, MemoryViewKind.All])
            WriteView(json, new MemoryView(analysis, kind), numbers);
        json.WriteEndObject();
        WriteSpans(json, analysis, course, numbers);
        tables.Write(json);
    }

    private static void WriteView(Utf8JsonWriter json, MemoryView view, PageNumbers numbers)
    {
        json.WriteStartArray(MemoryNames.Of(view.Kind));
        foreach (MemoryEntry entry in view.Entries)
            PageRows.Write(json, numbers.Of(entry.Site), entry.Sum);
        json.WriteEndArray();
    }

    private static void WriteSpans(Utf8JsonWriter json, AllocationAnalysis analysis, PageCourse course, PageNumbers numbers)
    {
        json.WriteStartArray("spans"u8);
        foreach ((LifeSpan span, Sum sum) in LifeSpans.Of(analysis.Recording, course.Length, course.Count))
        {
            if (!span.Site.Allocator.IsReserved())
                PageRows.Write(json, numbers.Of(span.Site), span, sum);
        }

        json.WriteEndArray();
    }
}
