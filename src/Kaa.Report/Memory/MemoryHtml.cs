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
public sealed class MemoryHtml
{
    private const int Stretches = 120;

    private readonly AllocationAnalysis _analysis;
    private readonly MemoryViewKind _first;
    private readonly RecordingTables _tables;
    private readonly FrameNumbers _frames;
    private readonly long _stretch;
    private readonly int _count;

    private MemoryHtml(AllocationAnalysis analysis, MemoryViewKind first)
    {
        _analysis = analysis;
        _first = first;
        _tables = analysis.Recording.Tables;
        _frames = new FrameNumbers(_tables);
        long end = Math.Max(analysis.Recording.EndMicroseconds ?? 0, analysis.Timeline.Held.Count * analysis.Timeline.StretchLength);
        _stretch = Math.Max(1, (end + Stretches - 1) / Stretches);
        _count = (int)Math.Clamp((end + _stretch - 1) / _stretch, 1, Stretches);
    }

    /// <exception cref="IOException">The recording can't be read, or the output takes no more.</exception>
    public static void Write(AllocationAnalysis analysis, MemoryViewKind first, Stream output)
    {
        var page = new MemoryHtml(analysis, first);
        ReportFile.Write(output, page.WriteData);
    }

    private void WriteData(Stream output)
    {
        // The default encoder, unlike that of the answers, writes < and & so that they can't end the script element.
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        WriteHead(json);
        WriteTimeline(json);
        json.WriteStartObject("views"u8);
        foreach (MemoryViewKind kind in (MemoryViewKind[])[MemoryViewKind.Peak, MemoryViewKind.Leaks, MemoryViewKind.Temporary, MemoryViewKind.All])
            WriteView(json, kind);
        json.WriteEndObject();
        WriteSpans(json);
        WriteStacks(json);
        WriteFrames(json);
        json.WriteEndObject();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.Text("view"u8, MemoryNames.Of(_first));
        json.Text("verdict"u8, MemorySentences.Verdict(new MemoryView(_analysis, _first)));
        json.Text("summary"u8, MemorySentences.Process(_analysis.Recording.Facts) + "; " + MemorySentences.Amounts(_analysis));
        json.WriteNumber("peak"u8, _analysis.AtPeak.Bytes);
        json.WriteNumber("peakAt"u8, _analysis.PeakMicroseconds / 1e6);
        json.WriteStartArray("threads"u8);
        foreach (RecordedThread thread in _tables.Threads)
            json.WriteStringValue(MemoryNames.Of(thread));
        json.WriteEndArray();
        json.WriteStartArray("allocators"u8);
        for (int i = 0; i < AllocatorKinds.Count; i++)
            json.WriteStringValue(((AllocatorKind)i).Name());
        json.WriteEndArray();
    }

    private void WriteTimeline(Utf8JsonWriter json)
    {
        double[] held = new double[_count];
        for (int i = 0; i < _analysis.Timeline.Held.Count; i++)
        {
            int at = Stretch(i * _analysis.Timeline.StretchLength);
            held[at] = Math.Max(held[at], _analysis.Timeline.Held[i]);
        }

        double[] resident = new double[_analysis.Recording.Sizes.Count > 0 ? _count : 0];
        foreach (ProcessSize size in _analysis.Recording.Sizes)
            resident[Stretch(size.Microseconds)] = Math.Max(resident[Stretch(size.Microseconds)], size.Resident);
        for (int i = 1; i < resident.Length; i++)
            resident[i] = resident[i] > 0 ? resident[i] : resident[i - 1];
        json.WriteStartObject("timeline"u8);
        json.WriteNumber("seconds"u8, _stretch / 1e6);
        WriteNumbers(json, "held"u8, held);
        WriteNumbers(json, "rss"u8, resident);
        json.WriteEndObject();
    }

    private int Stretch(long microseconds) => (int)Math.Min(microseconds / _stretch, _count - 1);

    private static void WriteNumbers(Utf8JsonWriter json, ReadOnlySpan<byte> key, double[] numbers)
    {
        json.WriteStartArray(key);
        foreach (double number in numbers)
            json.WriteNumberValue(Math.Round(number));
        json.WriteEndArray();
    }

    private void WriteView(Utf8JsonWriter json, MemoryViewKind kind)
    {
        json.WriteStartArray(MemoryNames.Of(kind));
        foreach (MemoryEntry entry in new MemoryView(_analysis, kind).Entries)
        {
            json.WriteStartArray();
            WriteSite(json, entry.Site);
            WriteSum(json, entry.Sum);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void WriteSpans(Utf8JsonWriter json)
    {
        json.WriteStartArray("spans"u8);
        foreach ((LifeSpan span, Sum sum) in LifeSpans.Of(_analysis.Recording, _stretch, _count))
        {
            if (span.Site.Allocator.IsReserved())
                continue;
            json.WriteStartArray();
            WriteSite(json, span.Site);
            json.WriteNumberValue(span.Birth);
            json.WriteNumberValue(span.Death);
            WriteSum(json, sum);
            json.WriteEndArray();
        }

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

    private void WriteStacks(Utf8JsonWriter json)
    {
        json.WriteStartArray("stacks"u8);
        for (int stack = 1; stack <= _tables.StackCount; stack++)
        {
            (int caller, int frame) = _tables.Top(stack);
            json.WriteStartArray();
            json.WriteNumberValue(caller);
            json.WriteNumberValue(_frames.Number(_tables.Frame(frame)));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void WriteFrames(Utf8JsonWriter json)
    {
        json.WriteStartArray("frames"u8);
        foreach (RecordedFrame frame in _frames.All)
        {
            json.WriteStartArray();
            json.WriteNumberValue((int)frame.Kind);
            json.WriteStringValue(frame.Function);
            json.WriteStringValue(frame.File);
            json.WriteNumberValue(frame.Line);
            json.WriteStringValue(frame.Module);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
