using System.Text.Json;
using Kaa.Formats;

namespace Kaa.Recording.Memory;

/// <summary>What was recorded, and how: the first block of the file, one object of JSON.</summary>
public sealed record RecordingFacts
{
    private const string Format = "recording";

    public int Pid { get; init; }

    /// <summary>The pid in the process's own pid namespace; null where that is the host's.</summary>
    public int? ContainerPid { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Of the interpreter: "3.11.7"; null where there was none yet.</summary>
    public string? Version { get; init; }

    public string? Executable { get; init; }

    /// <summary>Unix seconds.</summary>
    public double StartedAt { get; init; }

    /// <summary>Bytes between two samples, on average; null where every allocation was recorded.</summary>
    public long? SampleBytes { get; init; }

    /// <summary>"system", "python" or "all".</summary>
    public string Allocators { get; init; } = "all";

    /// <summary>C frames were recorded too.</summary>
    public bool Native { get; init; }

    /// <summary>From the program's first instruction on; else what it had allocated before is not known.</summary>
    public bool Launched { get; init; }

    public byte[] ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("pid"u8, Pid);
            if (ContainerPid is { } inner)
                json.WriteNumber("containerPid"u8, inner);
            json.WriteStartArray("command"u8);
            foreach (string word in Command)
                json.WriteStringValue(word);
            json.WriteEndArray();
            if (Version is not null)
                json.WriteString("version"u8, Version);
            if (Executable is not null)
                json.WriteString("executable"u8, Executable);
            json.WriteNumber("startedAt"u8, StartedAt);
            if (SampleBytes is { } rate)
                json.WriteNumber("sampleBytes"u8, rate);
            json.WriteString("allocators"u8, Allocators);
            json.WriteBoolean("native"u8, Native);
            json.WriteBoolean("launched"u8, Launched);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <exception cref="BadData">No such object.</exception>
    public static RecordingFacts Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return new RecordingFacts
            {
                Pid = root.GetProperty("pid"u8).GetInt32(),
                ContainerPid = root.TryGetProperty("containerPid"u8, out JsonElement inner) ? inner.GetInt32() : null,
                Command = Words(root.GetProperty("command"u8)),
                Version = Text(root, "version"u8),
                Executable = Text(root, "executable"u8),
                StartedAt = root.GetProperty("startedAt"u8).GetDouble(),
                SampleBytes = root.TryGetProperty("sampleBytes"u8, out JsonElement rate) && rate.GetInt64() > 0 ? rate.GetInt64() : null,
                Allocators = Text(root, "allocators"u8) ?? "all",
                Native = root.GetProperty("native"u8).GetBoolean(),
                Launched = root.GetProperty("launched"u8).GetBoolean(),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new BadData(Format, 0, "its facts are no such object: " + e.Message);
        }
    }

    private static string? Text(JsonElement root, ReadOnlySpan<byte> key) => root.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;

    private static string[] Words(JsonElement array)
    {
        string[] words = new string[array.GetArrayLength()];
        for (int i = 0; i < words.Length; i++)
            words[i] = array[i].GetString() ?? "";
        return words;
    }
}
