using System.Text.Json;

namespace Kaa.Report.Json;

/// <summary><c>{"schema":1,"error":{"code":…,"message":…,"hint":…}}</c>.</summary>
public static class ErrorJson
{
    /// <param name="pid">Which of several targets it is about; null for the only one.</param>
    /// <param name="core">Path of the core, where that target is one.</param>
    public static void Write(Utf8JsonWriter json, string code, string message, string? hint, int? pid = null, string? core = null)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        if (core is not null)
        {
            json.WriteStartObject("target"u8);
            json.WriteString("kind"u8, "core"u8);
            json.Text("path"u8, core);
            json.WriteEndObject();
        }
        else if (pid is { } target)
        {
            json.WriteStartObject("target"u8);
            json.WriteString("kind"u8, "process"u8);
            json.WriteNumber("pid"u8, target);
            json.WriteEndObject();
        }

        json.WriteStartObject("error"u8);
        json.Text("code"u8, code);
        json.Text("message"u8, message);
        json.Text("hint"u8, hint);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
