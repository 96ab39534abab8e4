using System.Globalization;
using System.Text;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory;

/// <summary>A line for each stack, outermost frame first, with its bytes: what flamegraph.pl and its kin read.</summary>
public static class CollapsedStacks
{
    public static void Write(MemoryView view, TextWriter output)
    {
        var lines = new Dictionary<string, double>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (MemoryEntry entry in view.Entries)
        {
            string line = Line(view.Analysis.Recording.Tables, entry.Site);
            if (!lines.TryGetValue(line, out double bytes))
                order.Add(line);
            lines[line] = bytes + entry.Sum.Bytes;
        }

        foreach (string line in order)
            output.Write(line + " " + Math.Round(lines[line]).ToString("0", CultureInfo.InvariantCulture) + "\n");
    }

    private static string Line(RecordingTables tables, in AllocationSite site)
    {
        var line = new StringBuilder(Clean(MemoryNames.Of(tables.Thread(site.Thread))));
        List<RecordedFrame> frames = tables.Frames(site.Stack);
        for (int i = frames.Count - 1; i >= 0; i--)
            line.Append(';').Append(Clean(MemoryNames.Label(frames[i])));
        if (frames.Count == 0)
            line.Append(';').Append(MemoryNames.NoFrame);
        return line.ToString();
    }

    // Semicolons part the frames, and a line's end ends the stack.
    private static string Clean(string name) => name.Replace(';', ',').ReplaceLineEndings(" ");
}
