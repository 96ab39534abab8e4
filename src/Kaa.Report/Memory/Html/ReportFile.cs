namespace Kaa.Report.Memory.Html;

/// <summary>The parts of the HTML report, as they lie beside this file: report.html with {{css}}, {{js}} and {{data}} in it.</summary>
internal static partial class ReportFile
{
    /// <summary>Writes the page; what is between the parts is left to <paramref name="data"/>.</summary>
    public static void Write(Stream output, Action<Stream> data)
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

    private static void Fill(ReadOnlySpan<byte> part, Stream output, Action<Stream> data)
    {
        if (part.SequenceEqual("css"u8))
            output.Write(Css);
        else if (part.SequenceEqual("js"u8))
            output.Write(Js);
        else
            data(output);
    }
}
