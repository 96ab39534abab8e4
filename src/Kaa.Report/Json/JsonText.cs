using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kaa.Report.Text;

namespace Kaa.Report.Json;

/// <summary>How every JSON answer is written: UTF-8, one line, nulls written out, never invalid Unicode.</summary>
public static class JsonText
{
    /// <summary>Counts up when a key changes its meaning.</summary>
    public const int Schema = 1;

    public static Utf8JsonWriter Writer(Stream output) => new(output, new JsonWriterOptions
    {
        // Nothing of this is embedded in HTML: "<module>" stays readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 64,
    });

    internal static void Text(this Utf8JsonWriter json, ReadOnlySpan<byte> key, string? value)
    {
        if (value is null)
            json.WriteNull(key);
        else
            json.WriteString(key, Printable.EscapeLoneSurrogates(value));
    }

    internal static void Number(this Utf8JsonWriter json, ReadOnlySpan<byte> key, long? value)
    {
        if (value is { } number)
            json.WriteNumber(key, number);
        else
            json.WriteNull(key);
    }

    internal static void Flag(this Utf8JsonWriter json, ReadOnlySpan<byte> key, bool? value)
    {
        if (value is { } flag)
            json.WriteBoolean(key, flag);
        else
            json.WriteNull(key);
    }

    /// <summary>As <c>"0x7f…"</c>: a number of JSON loses bits above 2^53 in many readers.</summary>
    internal static void Address(this Utf8JsonWriter json, ReadOnlySpan<byte> key, ulong? value) =>
        json.Text(key, value is { } address ? "0x" + address.ToString("x", CultureInfo.InvariantCulture) : null);

    internal static void Texts(this Utf8JsonWriter json, ReadOnlySpan<byte> key, IReadOnlyList<string> values)
    {
        json.WriteStartArray(key);
        foreach (string value in values)
            json.WriteStringValue(Printable.EscapeLoneSurrogates(value));
        json.WriteEndArray();
    }
}
