using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;

namespace Kaa.Report.Memory;

/// <summary>For speedscope.app: one profile a thread, weights in bytes (its file format, schema at speedscope.app/file-format-schema.json).</summary>
public static class Speedscope
{
    public static void Write(MemoryView view, string name, Utf8JsonWriter json)
    {
        RecordingTables tables = view.Analysis.Recording.Tables;
        var frames = new FrameNumbers();
        var threads = new SortedDictionary<int, List<MemoryEntry>>();
        foreach (MemoryEntry entry in view.Entries)
        {
            if (!threads.TryGetValue(entry.Site.Thread, out List<MemoryEntry>? entries))
                threads.Add(entry.Site.Thread, entries = []);
            entries.Add(entry);
        }

        json.WriteStartObject();
        json.WriteString("$schema"u8, "https://www.speedscope.app/file-format-schema.json"u8);
        json.WriteString("exporter"u8, "kaa"u8);
        json.Text("name"u8, name);
        json.WriteStartArray("profiles"u8);
        foreach ((int thread, List<MemoryEntry> entries) in threads)
            WriteProfile(json, tables, thread, entries, frames);
        json.WriteEndArray();
        WriteFrames(json, frames);
        json.WriteEndObject();
    }

    private static void WriteProfile(Utf8JsonWriter json, RecordingTables tables, int thread, List<MemoryEntry> entries, FrameNumbers frames)
    {
        long total = 0;
        json.WriteStartObject();
        json.WriteString("type"u8, "sampled"u8);
        json.Text("name"u8, MemoryNames.Of(tables.Thread(thread)));
        json.WriteString("unit"u8, "bytes"u8);
        json.WriteNumber("startValue"u8, 0);
        json.WriteStartArray("samples"u8);
        foreach (MemoryEntry entry in entries)
        {
            json.WriteStartArray();
            int[] stack = frames.Of(tables, entry.Site.Stack);
            for (int i = stack.Length - 1; i >= 0; i--)
                json.WriteNumberValue(stack[i]);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights"u8);
        foreach (MemoryEntry entry in entries)
        {
            long bytes = (long)Math.Round(entry.Sum.Bytes);
            total += bytes;
            json.WriteNumberValue(bytes);
        }

        json.WriteEndArray();
        json.WriteNumber("endValue"u8, total);
        json.WriteEndObject();
    }

    private static void WriteFrames(Utf8JsonWriter json, FrameNumbers frames)
    {
        json.WriteStartObject("shared"u8);
        json.WriteStartArray("frames"u8);
        foreach (RecordedFrame frame in frames.All)
        {
            json.WriteStartObject();
            json.Text("name"u8, frame.Function ?? MemoryNames.Place(frame));
            if ((frame.File ?? frame.Module) is { } file)
                json.Text("file"u8, file);
            if (frame.Line > 0)
                json.WriteNumber("line"u8, frame.Line);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
