using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Text;

namespace Kaa.Report.Memory;

/// <summary>How two recordings differ, for a person: the line that has grown most first of all.</summary>
public static class DifferenceText
{
    private const int AmountWidth = 11;
    private const int CountWidth = 13;

    public static void Write(MemoryView before, MemoryView after, MemoryTextOptions options, StyledWriter writer)
    {
        List<DifferenceRow> lines = Difference.By(before, after, GroupKind.Line);
        writer.Data(Verdict(lines, before, after), Tone.Heading).Line();
        writer.Text("before: ").Data(MemorySentences.Process(before.Analysis.Recording.Facts)).Text(", " + ByteText.Of(before.Total.Bytes)).Line();
        writer.Text("after:  ").Data(MemorySentences.Process(after.Analysis.Recording.Facts)).Text(", " + ByteText.Of(after.Total.Bytes)).Line();
        foreach (GroupKind kind in options.Tables)
            WriteTable(kind == GroupKind.Line ? lines : Difference.By(before, after, kind), kind, options.Rows, writer);
    }

    /// <summary>"foo.py:214, load has grown by 3.0 MiB of 3.2 MiB: from 1.0 MiB to 4.0 MiB".</summary>
    internal static string Verdict(List<DifferenceRow> rows, MemoryView before, MemoryView after)
    {
        string what = MemoryNames.Describe(after.Kind);
        if (rows.Count == 0 || rows[0].GrownBytes <= 0)
            return "No line has more of " + what + " than before.";
        DifferenceRow first = rows[0];
        string function = first.Frame.Function is { } name ? ", " + name + "," : "";
        return MemoryNames.Place(first.Frame) + function + " has grown by " + ByteText.Of(first.GrownBytes) + ", from " + ByteText.Of(first.Before.Bytes) + " to "
            + ByteText.Of(first.After.Bytes) + "; " + what + " by " + Signed(after.Total.Bytes - before.Total.Bytes);
    }

    private static void WriteTable(List<DifferenceRow> rows, GroupKind kind, int most, StyledWriter writer)
    {
        writer.Line();
        writer.Text("growth".PadLeft(AmountWidth) + "before".PadLeft(AmountWidth) + "after".PadLeft(AmountWidth) + "allocations".PadLeft(CountWidth) + "  "
            + MemoryTable.Heading(kind), Tone.Heading).Line();
        for (int i = 0; i < rows.Count; i++)
        {
            // Both ends are of interest: what has grown most, and what has shrunk most.
            if (i >= most && i < rows.Count - most)
                continue;
            DifferenceRow row = rows[i];
            string count = (row.GrownCount > 0 ? "+" : row.GrownCount < 0 ? "−" : "") + ByteText.Count(Math.Abs(row.GrownCount));
            writer.Text(Signed(row.GrownBytes).PadLeft(AmountWidth) + ByteText.Of(row.Before.Bytes).PadLeft(AmountWidth) + ByteText.Of(row.After.Bytes).PadLeft(AmountWidth))
                .Text(count.PadLeft(CountWidth) + "  ")
                .Data(MemoryTable.Name(new GroupRow(row.Frame, row.Thread, row.Allocator, row.After, row.After), kind), Tone.Path)
                .Line();
        }

        if (rows.Count > 2 * most)
            writer.Text("… " + ByteText.Count(rows.Count - 2 * most) + " more rows between", Tone.Faint).Line();
    }

    private static string Signed(double bytes) => (bytes > 0 ? "+" : bytes < 0 ? "−" : "") + ByteText.Of(Math.Abs(bytes));
}
