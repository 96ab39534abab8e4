using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>The answer of <c>kaa doctor --json</c>: keys as docs/doctor.md names them.</summary>
public static class DoctorJson
{
    public static void Write(DoctorReport report, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        if (report.Target is { } target)
            StackJson.WriteTarget(json, target);
        else
            json.WriteNull("target"u8);
        if (report.Interpreter is { } interpreter)
            StackJson.WriteInterpreter(json, interpreter);
        else
            json.WriteNull("interpreter"u8);
        json.WriteStartArray("findings"u8);
        foreach (Finding finding in report.Findings)
            WriteFinding(finding, json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFinding(Finding finding, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.Text("code"u8, finding.Code);
        json.Text("severity"u8, JsonNames.Of(finding.Severity));
        json.Text("title"u8, finding.Title);
        json.Texts("evidence"u8, finding.Evidence);
        json.Texts("remedy"u8, finding.Remedy);
        json.Text("subject"u8, finding.Subject);
        if (finding.Facts.Count > 0)
            WriteFacts(finding, json);
        if (finding.Incomplete)
            json.WriteBoolean("incomplete"u8, true);
        json.WriteEndObject();
    }

    private static void WriteFacts(Finding finding, Utf8JsonWriter json)
    {
        json.WriteStartObject("facts"u8);
        foreach ((string name, long value) in finding.Facts)
            json.WriteNumber(name, value);
        json.WriteEndObject();
    }
}
