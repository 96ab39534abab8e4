using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Report.Json;

namespace Kaa.Report.Memory;

/// <summary>A line of <c>kaa mem live --json</c>: keys as docs/json.md names them.</summary>
public static class LiveJson
{
    /// <param name="most">Rows at most.</param>
    public static void Write(LiveView view, int most, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        json.WriteNumber("pid"u8, view.Pid);
        json.WriteNumber("seconds"u8, Math.Round(view.Seconds, 6));
        json.Number("sampleBytes"u8, view.SampleBytes);
        Whole(json, "heldBytes"u8, view.Held);
        json.WriteNumber("residentBytes"u8, view.Resident);
        json.WriteNumber("allocations"u8, view.Count);
        json.WriteNumber("lost"u8, view.Lost);
        json.Text("by"u8, MemoryTable.Heading(view.Kind));
        json.Text("thread"u8, view.Thread);
        json.WriteStartArray("rows"u8);
        for (int i = 0; i < view.Rows.Count && i < most; i++)
            WriteRow(json, view.Rows[i]);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, LiveRow row)
    {
        json.WriteStartObject();
        json.Text("function"u8, row.Frame.Function);
        json.Text("file"u8, row.Frame.File);
        json.Number("line"u8, row.Frame.Line > 0 ? row.Frame.Line : null);
        Whole(json, "heldBytes"u8, row.Held.Bytes);
        Whole(json, "heldCount"u8, row.Held.Count);
        Whole(json, "allocatedBytes"u8, row.All.Bytes);
        Whole(json, "allocatedCount"u8, row.All.Count);
        Whole(json, "bytesPerSecond"u8, row.Rate);
        json.WriteEndObject();
    }

    private static void Whole(Utf8JsonWriter json, ReadOnlySpan<byte> key, double value) => json.WriteNumber(key, (long)Math.Round(value));
}
