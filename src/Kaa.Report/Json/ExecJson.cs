using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>The answer of <c>kaa exec --json</c>.</summary>
public static class ExecJson
{
    public static void Write(ExecReport report, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        json.Text("stdout"u8, report.Stdout);
        json.Text("stderr"u8, report.Stderr);
        json.Text("result"u8, report.Result);
        json.Text("exception"u8, report.Exception);
        json.WriteNumber("tid"u8, report.Tid);
        json.Text("way"u8, JsonNames.Of(report.Way));
        json.WriteBoolean("stillRunning"u8, report.StillRunning);
        json.WriteNumber("pauseMicroseconds"u8, report.PauseMicroseconds);
        json.WriteNumber("seconds"u8, Math.Round(report.Seconds, 6));
        NoteJson.Write(json, "notes"u8, report.Notes);
        json.WriteEndObject();
    }
}
