using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>Tasks, and rings of them.</summary>
internal static class TaskJson
{
    /// <param name="report">Null where tasks were not asked for: the array is empty then.</param>
    public static void Write(Utf8JsonWriter json, TaskReport? report)
    {
        json.WriteStartArray("tasks"u8);
        foreach (TaskStack task in report?.Tasks ?? [])
            WriteTask(json, task);
        json.WriteEndArray();
        if (report is not null)
            WriteCycles(json, report.Cycles);
        if (report?.Undriven is { } undriven)
            WriteUndriven(json, undriven);
    }

    private static void WriteUndriven(Utf8JsonWriter json, UndrivenCode undriven)
    {
        json.WriteStartObject("undriven"u8);
        json.WriteNumber("coroutines"u8, undriven.Coroutines);
        json.WriteNumber("generators"u8, undriven.Generators);
        json.WriteNumber("asyncGenerators"u8, undriven.AsyncGenerators);
        json.WriteEndObject();
    }

    private static void WriteTask(Utf8JsonWriter json, TaskStack task)
    {
        json.WriteStartObject();
        json.Address("address"u8, task.Address);
        json.Text("kind"u8, JsonNames.Of(task.Kind));
        json.Text("name"u8, task.Name);
        json.Text("state"u8, JsonNames.Of(task.State));
        json.Number("tid"u8, task.Tid);
        json.WriteNumber("interpreter"u8, task.Interpreter);
        WriteLoop(json, task.Loop);
        WriteAwaits(json, task.Awaits);
        WriteAddresses(json, "awaitedBy"u8, task.AwaitedBy);
        StackJson.WriteFrames(json, task.Frames);
        if (task.Truncated is { } reason)
            json.Text("truncated"u8, reason);
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteLoop(Utf8JsonWriter json, TaskLoop? loop)
    {
        if (loop is null)
        {
            json.WriteNull("loop"u8);
            return;
        }

        json.WriteStartObject("loop"u8);
        json.Address("address"u8, loop.Address);
        json.Text("type"u8, loop.Type);
        json.WriteEndObject();
    }

    private static void WriteAwaits(Utf8JsonWriter json, IReadOnlyList<TaskAwait> awaits)
    {
        json.WriteStartArray("awaits"u8);
        foreach (TaskAwait one in awaits)
        {
            json.WriteStartObject();
            json.Text("kind"u8, JsonNames.Of(one.Kind));
            json.Address("address"u8, one.Address);
            json.Text("via"u8, one.Via);
            json.Text("description"u8, one.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCycles(Utf8JsonWriter json, IReadOnlyList<TaskCycle> cycles)
    {
        json.WriteStartArray("taskCycles"u8);
        foreach (TaskCycle cycle in cycles)
        {
            json.WriteStartObject();
            WriteAddresses(json, "tasks"u8, cycle.Tasks);
            json.Text("description"u8, cycle.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteAddresses(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<ulong> addresses)
    {
        json.WriteStartArray(name);
        foreach (ulong address in addresses)
            json.WriteStringValue("0x" + address.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteEndArray();
    }
}
