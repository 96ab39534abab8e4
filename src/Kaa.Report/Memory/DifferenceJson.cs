using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Report.Memory;

/// <summary>How two recordings differ by line: keys as docs/json.md names them.</summary>
public static class DifferenceJson
{
    public static void Write(MemoryView before, MemoryView after, IReadOnlyList<Note> notes, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        json.Text("view"u8, MemoryNames.Of(after.Kind));
        WriteSide(json, "before"u8, before);
        WriteSide(json, "after"u8, after);
        json.WriteStartArray("growth"u8);
        foreach (DifferenceRow row in Difference.By(before, after, GroupKind.Line))
            WriteRow(json, row);
        json.WriteEndArray();
        NoteJson.Write(json, "notes"u8, notes);
        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, ReadOnlySpan<byte> key, MemoryView view)
    {
        RecordingFacts facts = view.Analysis.Recording.Facts;
        json.WriteStartObject(key);
        json.WriteNumber("pid"u8, facts.Pid);
        json.WriteNumber("startedAt"u8, facts.StartedAt);
        Amount(json, view.Total);
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, DifferenceRow row)
    {
        json.WriteStartObject();
        json.WriteNumber("bytes"u8, (long)Math.Round(row.GrownBytes));
        json.WriteNumber("count"u8, (long)Math.Round(row.GrownCount));
        json.Text("function"u8, row.Frame.Function);
        json.Text("file"u8, row.Frame.File);
        json.Number("line"u8, row.Frame.Line > 0 ? row.Frame.Line : null);
        json.WriteStartObject("before"u8);
        Amount(json, row.Before);
        json.WriteEndObject();
        json.WriteStartObject("after"u8);
        Amount(json, row.After);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Amount(Utf8JsonWriter json, in Sum sum)
    {
        json.WriteNumber("bytes"u8, (long)Math.Round(sum.Bytes));
        json.WriteNumber("count"u8, (long)Math.Round(sum.Count));
    }
}
