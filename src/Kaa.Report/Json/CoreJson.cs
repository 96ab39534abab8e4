using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>The answer of <c>kaa core --json</c>.</summary>
public static class CoreJson
{
    public static void Write(CoreReport report, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        StackJson.WriteTarget(json, report.Target);
        json.Text("path"u8, report.Path);
        json.WriteNumber("bytes"u8, report.Bytes);
        json.Number("diskBytes"u8, report.DiskBytes);
        json.WriteNumber("pauseMicroseconds"u8, report.PauseMicroseconds);
        json.Text("way"u8, JsonNames.Of(report.Way));
        json.WriteNumber("predictedPauseMicroseconds"u8, report.PredictedPauseMicroseconds);
        json.WriteNumber("seconds"u8, Math.Round(report.Seconds, 6));
        json.WriteNumber("threads"u8, report.Threads);
        NoteJson.Write(json, "notes"u8, report.Notes);
        json.WriteEndObject();
    }
}
