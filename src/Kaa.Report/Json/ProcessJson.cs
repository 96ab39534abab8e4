using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>The answer of <c>kaa ps --json</c>.</summary>
public static class ProcessJson
{
    public static void Write(IReadOnlyList<ProcessSummary> processes, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        json.WriteStartArray("processes"u8);
        foreach (ProcessSummary process in processes)
            WriteProcess(json, process);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json, ProcessSummary process)
    {
        json.WriteStartObject();
        json.WriteNumber("pid"u8, process.Pid);
        json.Number("containerPid"u8, process.ContainerPid);
        json.Text("container"u8, process.Container);
        json.Text("implementation"u8, process.Implementation);
        json.Text("version"u8, process.Version);
        json.WriteNumber("threads"u8, process.Threads);
        json.WriteNumber("cpuPercent"u8, Math.Round(process.CpuPercent, 1));
        json.Text("state"u8, JsonNames.Of(process.State));
        json.Text("user"u8, process.User);
        json.Texts("command"u8, process.Command);
        NoteJson.Write(json, "hindrances"u8, process.Hindrances);
        NoteJson.Write(json, "leftovers"u8, process.Leftovers);
        json.WriteEndObject();
    }
}
