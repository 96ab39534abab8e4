using System.Globalization;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report.Memory;

/// <summary>The live table for a person: one after the other, or a screen.</summary>
public static class LiveText
{
    private const int AmountWidth = 12;
    private const int OtherLines = 5; // than rows: summary, two courses, heading, keys
    private const int FewLines = 2; // of a low screen: summary, heading
    private const int LeastHeight = 9; // for all of them
    private const string Keys = "q quit · sort: h held, c count, a allocated, r rate · by: l line, f function, p file · t next thread, T all";

    private static readonly string[] s_columns = ["held", "count", "allocated", "rate"];

    /// <summary>Rows of the table that fit on a screen.</summary>
    /// <param name="height">Of the screen, in lines.</param>
    public static int RowsOf(int height) => height < LeastHeight ? Math.Max(0, height - FewLines) : height - OtherLines;

    /// <summary>Its name, or its id where it has none.</summary>
    public static string NameOf(in RecordedThread thread) => MemoryNames.NameOrId(thread);

    /// <param name="most">Rows at most.</param>
    public static void Write(LiveView view, int most, StyledWriter writer)
    {
        writer.Data(Summary(view), Tone.Heading).Line();
        WriteTable(view, most, int.MaxValue, writer);
        writer.Line();
    }

    /// <summary>As many lines as fit, none longer than the screen. A low one has no room for the courses of time and the keys.</summary>
    public static void WriteScreen(LiveView view, int width, int height, StyledWriter writer)
    {
        writer.Text(Cut(Printable.Escape(Summary(view)), width), Tone.Heading).Line();
        if (height < FewLines)
            return;
        bool isLow = height < LeastHeight;
        if (!isLow)
        {
            WriteCourse("held", view.HeldCourse, width, writer);
            WriteCourse("resident", view.ResidentCourse, width, writer);
        }

        WriteTable(view, RowsOf(height), width, writer);
        if (!isLow)
            writer.Text(Cut(Keys, width), Tone.Faint).Line();
    }

    private static string Summary(LiveView view) =>
        "process " + view.Pid.ToString(CultureInfo.InvariantCulture)
        + ", " + view.Seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s: held " + ByteText.Of(view.Held)
        + ", resident " + ByteText.Of(view.Resident) + ", " + MemorySentences.Times(view.Count)
        + (view.SampleBytes is { } rate ? " sampled (estimates, one each " + ByteText.Of(rate) + ")" : "")
        + (view.Lost > 0 ? ", " + Quantity.Of(view.Lost, "event") + " lost" : "")
        + (view.Thread is { } thread ? ", thread " + thread : "");

    private static void WriteCourse(string name, IReadOnlyList<double> course, int width, StyledWriter writer)
    {
        double most = 0;
        foreach (double value in course)
            most = Math.Max(most, value);
        string label = name.PadRight(9);
        string end = " most " + ByteText.Of(most);
        writer.Text(Cut(label + Sparkline.Of(course, width - label.Length - end.Length) + end, width)).Line();
    }

    private static void WriteTable(LiveView view, int most, int width, StyledWriter writer)
    {
        string heading = "";
        for (int i = 0; i < s_columns.Length; i++)
            heading += (s_columns[i] + (i == (int)view.Order ? "▼" : "")).PadLeft(AmountWidth);
        int end = (int)Math.Min((long)view.First + most, view.Rows.Count);
        writer.Text(Cut(heading + "  " + MemoryTable.Heading(view.Kind) + Part(view, end), width), Tone.Heading).Line();
        for (int i = view.First; i < end; i++)
        {
            LiveRow row = view.Rows[i];
            string amounts = ByteText.Of(row.Held.Bytes).PadLeft(AmountWidth) + ByteText.Count(row.Held.Count).PadLeft(AmountWidth)
                + ByteText.Of(row.All.Bytes).PadLeft(AmountWidth) + (ByteText.Of(row.Rate) + "/s").PadLeft(AmountWidth) + "  ";
            string name = Printable.Escape(MemoryNames.Label(row.Frame));
            writer.Text(Cut(amounts, width)).Text(CutFront(name, width - amounts.Length), Tone.Path).Line();
        }
    }

    /// <summary>", 11 to 20 of 214" where not all rows are there.</summary>
    private static string Part(LiveView view, int end) =>
        end - view.First == view.Rows.Count ? "" : ", " + ByteText.Count(view.First + 1) + " to " + ByteText.Count(end) + " of " + ByteText.Count(view.Rows.Count);

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..Math.Max(0, width)];

    /// <summary>Of a path the end says most.</summary>
    private static string CutFront(string text, int width) => text.Length <= width ? text : width <= 1 ? "" : "…" + text[^(width - 1)..];
}
