using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Text;

namespace Kaa.Report.Memory;

public sealed record MemoryTextOptions
{
    /// <summary>Tables that are shown, in this order.</summary>
    public IReadOnlyList<GroupKind> Tables { get; init; } = [GroupKind.Line];

    /// <summary>Rows of each table.</summary>
    public int Rows { get; init; } = 10;

    /// <summary>Stacks that are shown.</summary>
    public int Stacks { get; init; } = 3;

    /// <summary>Frames of each of them.</summary>
    public int Frames { get; init; } = 12;
}

/// <summary>The answer of <c>kaa mem report</c> for a person: the line that has most first of all.</summary>
public static class MemoryText
{
    public static void Write(MemoryView view, MemoryTextOptions options, StyledWriter writer)
    {
        WriteSummary(view, writer);
        foreach (GroupKind kind in options.Tables)
            MemoryTable.Write(view, kind, options.Rows, writer);
        WriteStacks(view, options, writer);
        if (options.Tables.Contains(GroupKind.Line))
            SizeTable.Write(view, writer);
    }

    private static void WriteSummary(MemoryView view, StyledWriter writer)
    {
        AllocationAnalysis analysis = view.Analysis;
        writer.Data(MemorySentences.Verdict(view), Tone.Heading).Line();
        writer.Data(MemorySentences.Process(analysis.Recording.Facts)).Line();
        writer.Text(MemorySentences.Amounts(analysis)).Line();
        if (view.ReservedEntries.Count > 0)
            writer.Text(MemorySentences.Reserved(view.Reserved)).Line();
        if (analysis.Recording.Facts.SampleBytes is { } rate)
            writer.Text("estimated from samples, one each " + ByteText.Of(rate) + ": ± " + ByteText.Of(1.96 * Math.Sqrt(view.Total.Variance)) + " (95 %)").Line();
    }

    private static void WriteStacks(MemoryView view, MemoryTextOptions options, StyledWriter writer)
    {
        RecordingTables tables = view.Analysis.Recording.Tables;
        int count = Math.Min(options.Stacks, view.Entries.Count);
        for (int i = 0; i < count; i++)
        {
            MemoryEntry entry = view.Entries[i];
            writer.Line();
            writer.Text(ByteText.Of(entry.Sum.Bytes), Tone.Heading)
                .Text(" in " + MemorySentences.Times(entry.Sum.Count) + " by " + entry.Site.Allocator.Name() + ", thread ")
                .Data(MemoryNames.Of(tables.Thread(entry.Site.Thread)));
            if (view.Kind == MemoryViewKind.Leaks)
                writer.Text(", the oldest from " + MemorySentences.Seconds(entry.OldestMicroseconds));
            writer.Line();
            WriteFrames(tables.Frames(entry.Site.Stack), options.Frames, writer);
        }
    }

    private static void WriteFrames(List<RecordedFrame> frames, int most, StyledWriter writer)
    {
        for (int i = 0; i < frames.Count && i < most; i++)
        {
            writer.Text("    ");
            if (frames[i].Function is { } function)
                writer.Data(function, Tone.Function).Text("  ");
            writer.Data(MemoryNames.Place(frames[i]), Tone.Path).Line();
        }

        if (frames.Count > most)
            writer.Text("    … " + ByteText.Count(frames.Count - most) + " more", Tone.Faint).Line();
        if (frames.Count == 0)
            writer.Text("    " + MemoryNames.NoFrame, Tone.Faint).Line();
    }
}
