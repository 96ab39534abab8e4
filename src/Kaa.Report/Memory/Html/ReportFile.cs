using System.Text.Json;

namespace Kaa.Report.Memory.Html;

/// <summary>The parts of the HTML report, as they lie beside this file: report.html with {{css}}, {{js}} and {{data}} in it.</summary>
internal static partial class ReportFile
{
    /// <summary>Writes the page around the members of the object that <paramref name="data"/> gives.</summary>
    public static void Write(Stream output, Action<Utf8JsonWriter> data)
    {
        ReadOnlySpan<byte> page = Html;
        while (page.IndexOf("{{"u8) is >= 0 and int at)
        {
            output.Write(page[..at]);
            int end = page.IndexOf("}}"u8);
            Fill(page[(at + 2)..end], output, data);
            page = page[(end + 2)..];
        }

        output.Write(page);
        output.Write("\n"u8);
    }

    private static void Fill(ReadOnlySpan<byte> part, Stream output, Action<Utf8JsonWriter> data)
    {
        if (part.SequenceEqual("css"u8))
            output.Write(Css);
        else if (part.SequenceEqual("js"u8))
            output.Write(Js);
        else
            WriteData(output, data);
    }

    private static void WriteData(Stream output, Action<Utf8JsonWriter> data)
    {
        // The default encoder, unlike that of the answers, writes < and & so that they can't end the script element.
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        data(json);
        json.WriteEndObject();
    }
}
