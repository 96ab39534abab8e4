using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

internal static class NoteJson
{
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> key, IReadOnlyList<Note> notes)
    {
        json.WriteStartArray(key);
        foreach (Note note in notes)
        {
            json.WriteStartObject();
            json.Text("code"u8, note.Code);
            json.Text("message"u8, note.Message);
            json.Text("subject"u8, note.Subject);
            if (note.Incomplete)
                json.WriteBoolean("incomplete"u8, true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
