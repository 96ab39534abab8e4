using System.Globalization;
using System.Text.Json;

namespace Kaa.Formats.Cores;

/// <summary>
/// What only the kernel knew of a process that <c>kaa core</c> dumped: a note of the core with the name <c>KAA</c>. One object of JSON, so that others can read it
/// too; docs/cores.md has its keys.
/// </summary>
public sealed record KaaNote
{
    /// <summary>The note's name and type.</summary>
    public const string Name = "KAA";
    public const uint Type = 0x4b414101; // none of the kernel's: gdb takes a note of any name for the kernel's by its type

    private const int Schema = 1;

    public int Pid { get; init; }

    /// <summary>The pid in the process's own pid namespace; null where that is the host's.</summary>
    public int? ContainerPid { get; init; }

    /// <summary>Where its root directory was; <c>/</c> as a rule.</summary>
    public string Root { get; init; } = "/";

    /// <summary>"snapshot" or "plain".</summary>
    public string Way { get; init; } = "";

    /// <summary>Null where it was not over when the core was begun: the plain way.</summary>
    public long? PauseMicroseconds { get; init; }

    /// <summary>When its threads stood still, in Unix seconds.</summary>
    public double At { get; init; }

    /// <summary>When the process was started, in Unix seconds; null where not known.</summary>
    public double? StartedAt { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>What the open file descriptors were, as far as that was told.</summary>
    public IReadOnlyDictionary<int, string> Descriptors { get; init; } = new Dictionary<int, string>();

    public IReadOnlyList<KaaNoteThread> Threads { get; init; } = [];

    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("schema"u8, Schema);
            json.WriteNumber("pid"u8, Pid);
            if (ContainerPid is { } inner)
                json.WriteNumber("containerPid"u8, inner);
            json.WriteString("root"u8, Root);
            json.WriteString("way"u8, Way);
            if (PauseMicroseconds is { } pause)
                json.WriteNumber("pauseMicroseconds"u8, pause);
            json.WriteNumber("at"u8, At);
            if (StartedAt is { } started)
                json.WriteNumber("startedAt"u8, started);
            json.WriteStartArray("command"u8);
            foreach (string word in Command)
                json.WriteStringValue(word);
            json.WriteEndArray();
            json.WriteStartObject("descriptors"u8);
            foreach ((int number, string what) in Descriptors)
                json.WriteString(number.ToString(CultureInfo.InvariantCulture), what);
            json.WriteEndObject();
            json.WriteStartArray("threads"u8);
            foreach (KaaNoteThread thread in Threads)
                Write(json, thread);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <exception cref="BadData">No such object, or of a schema that is not known.</exception>
    public static KaaNote Parse(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 16 });
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new BadData("KAA note", 0, "not what kaa core writes: " + e.Message);
        }
    }

    private static KaaNote Read(JsonElement json)
    {
        if (json.GetProperty("schema"u8).GetInt32() != Schema)
            throw new BadData("KAA note", 0, "of another schema than " + Schema);
        var threads = new List<KaaNoteThread>();
        foreach (JsonElement thread in json.GetProperty("threads"u8).EnumerateArray())
        {
            if (threads.Count >= Limits.CoreThreads)
                throw new BadData("KAA note", 0, $"more than {Limits.CoreThreads} threads");
            threads.Add(ReadThread(thread));
        }

        var descriptors = new Dictionary<int, string>();
        foreach (JsonProperty descriptor in json.GetProperty("descriptors"u8).EnumerateObject())
            descriptors[int.Parse(descriptor.Name, NumberStyles.None, CultureInfo.InvariantCulture)] = descriptor.Value.GetString() ?? "";
        var command = new List<string>();
        foreach (JsonElement word in json.GetProperty("command"u8).EnumerateArray())
            command.Add(word.GetString() ?? "");
        return new KaaNote
        {
            Pid = json.GetProperty("pid"u8).GetInt32(),
            ContainerPid = json.TryGetProperty("containerPid"u8, out JsonElement inner) ? inner.GetInt32() : null,
            Root = json.GetProperty("root"u8).GetString() ?? "/",
            Way = json.GetProperty("way"u8).GetString() ?? "",
            PauseMicroseconds = json.TryGetProperty("pauseMicroseconds"u8, out JsonElement pause) ? pause.GetInt64() : null,
            At = json.GetProperty("at"u8).GetDouble(),
            StartedAt = json.TryGetProperty("startedAt"u8, out JsonElement started) ? started.GetDouble() : null,
            Command = command,
            Descriptors = descriptors,
            Threads = threads,
        };
    }

    private static void Write(Utf8JsonWriter json, KaaNoteThread thread)
    {
        json.WriteStartObject();
        json.WriteNumber("tid"u8, thread.Tid);
        json.WriteNumber("namespaceTid"u8, thread.NamespaceTid);
        json.WriteString("name"u8, thread.Name);
        json.WriteString("state"u8, thread.State);
        if (thread.IsPartial)
            json.WriteBoolean("partial"u8, true);
        json.WriteEndObject();
    }

    private static KaaNoteThread ReadThread(JsonElement json) => new(
        json.GetProperty("tid"u8).GetInt32(),
        json.GetProperty("namespaceTid"u8).GetInt32(),
        json.GetProperty("name"u8).GetString() ?? "",
        json.GetProperty("state"u8).GetString() ?? "",
        json.TryGetProperty("partial"u8, out _));
}

/// <param name="Tid">As in its NT_PRSTATUS.</param>
/// <param name="NamespaceTid">In the process's own pid namespace.</param>
/// <param name="Name">The kernel's name for it.</param>
/// <param name="State">"running", "sleeping", "uninterruptible", "stopped" or "zombie".</param>
/// <param name="IsPartial">It was not stopped: of its registers only rip, rsp and the system call with its arguments are known, and fs_base unless it is 0.</param>
public sealed record KaaNoteThread(int Tid, int NamespaceTid, string Name, string State, bool IsPartial);
