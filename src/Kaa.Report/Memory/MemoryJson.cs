using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Report.Memory;

/// <summary>The answer of <c>kaa mem report --json</c>: keys as docs/json.md names them.</summary>
public static class MemoryJson
{
    private const double Microseconds = 1e6;

    /// <summary>Entries written between two flushes: bounds what waits in memory.</summary>
    private const int FlushEvery = 64;

    public static void Write(MemoryView view, IReadOnlyList<Note> notes, Utf8JsonWriter json)
    {
        RecordingReader recording = view.Analysis.Recording;
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        StackJson.WriteTarget(json, TargetOf(recording.Facts));
        json.Text("mode"u8, recording.Facts.SampleBytes is null ? "exact" : "sampled");
        json.Number("sampleBytes"u8, recording.Facts.SampleBytes);
        json.Text("view"u8, MemoryNames.Of(view.Kind));
        WriteMetadata(json, view.Analysis);
        WriteTotals(json, view.Analysis);
        WriteEntries(json, "entries"u8, view, view.Entries);
        WriteEntries(json, "threadStacks"u8, view, view.ReservedEntries);
        NoteJson.Write(json, "notes"u8, notes);
        json.WriteEndObject();
    }

    private static void WriteEntries(Utf8JsonWriter json, ReadOnlySpan<byte> key, MemoryView view, IReadOnlyList<MemoryEntry> entries)
    {
        json.WriteStartArray(key);
        for (int i = 0; i < entries.Count; i++)
        {
            WriteEntry(json, view, entries[i]);
            if (i % FlushEvery == FlushEvery - 1)
                json.Flush();
        }

        json.WriteEndArray();
    }

    private static TargetInfo TargetOf(RecordingFacts facts) => new()
    {
        Kind = TargetKind.Process,
        Pid = facts.Pid,
        ContainerPid = facts.ContainerPid,
        Command = facts.Command,
    };

    private static void WriteMetadata(Utf8JsonWriter json, AllocationAnalysis analysis)
    {
        RecordingFacts facts = analysis.Recording.Facts;
        json.WriteStartObject("metadata"u8);
        json.WriteNumber("startedAt"u8, facts.StartedAt);
        if (analysis.Recording.EndMicroseconds is { } end)
            json.WriteNumber("endedAt"u8, Math.Round(facts.StartedAt + end / Microseconds, 6));
        else
            json.WriteNull("endedAt"u8);
        json.WriteNumber("peakAtSeconds"u8, analysis.PeakMicroseconds / Microseconds);
        json.WriteNumber("lost"u8, analysis.Recording.Lost);
        json.Text("allocators"u8, facts.Allocators);
        json.WriteBoolean("native"u8, facts.Native);
        json.WriteBoolean("launched"u8, facts.Launched);
        json.Text("version"u8, facts.Version);
        json.WriteEndObject();
    }

    private static void WriteTotals(Utf8JsonWriter json, AllocationAnalysis analysis)
    {
        json.WriteStartObject("totals"u8);
        Whole(json, "allocations"u8, analysis.All.Count);
        Whole(json, "bytes"u8, analysis.All.Bytes);
        Whole(json, "peakBytes"u8, analysis.AtPeak.Bytes);
        Whole(json, "heldBytes"u8, analysis.Held.Bytes);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, MemoryView view, in MemoryEntry entry)
    {
        RecordingTables tables = view.Analysis.Recording.Tables;
        RecordedThread thread = tables.Thread(entry.Site.Thread);
        json.WriteStartObject();
        Whole(json, "bytes"u8, entry.Sum.Bytes);
        Whole(json, "count"u8, entry.Sum.Count);
        if (entry.Sum.Variance > 0)
            Whole(json, "standardErrorBytes"u8, Math.Sqrt(entry.Sum.Variance));
        json.WriteNumber("tid"u8, thread.Tid);
        json.Text("thread"u8, thread.Name);
        json.Text("allocator"u8, entry.Site.Allocator.Name());
        if (view.Kind == MemoryViewKind.Leaks)
            json.WriteNumber("oldestAtSeconds"u8, entry.OldestMicroseconds / Microseconds);
        json.WriteStartArray("stack"u8);
        foreach (RecordedFrame frame in tables.Frames(entry.Site.Stack))
            WriteFrame(json, frame);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter json, in RecordedFrame frame)
    {
        json.WriteStartObject();
        json.Text("kind"u8, MemoryNames.Of(frame.Kind));
        json.Text("function"u8, frame.Function);
        json.Text("file"u8, frame.File);
        json.Number("line"u8, frame.Line > 0 ? frame.Line : null);
        json.Text("module"u8, frame.Module);
        if (frame.Offset > 0)
            json.WriteNumber("offset"u8, frame.Offset);
        json.WriteEndObject();
    }

    private static void Whole(Utf8JsonWriter json, ReadOnlySpan<byte> key, double value) => json.WriteNumber(key, (long)Math.Round(value));
}
