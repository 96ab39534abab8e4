using System.Globalization;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Report.Memory;

/// <summary>What text and HTML both say.</summary>
internal static class MemorySentences
{
    /// <summary>"20.0 % of the memory still held comes from foo.py:214, load: 3.0 MiB in 12 allocations".</summary>
    public static string Verdict(MemoryView view)
    {
        List<GroupRow> lines = Grouping.By(view, GroupKind.Line);
        if (lines.Count == 0)
            return "Nothing of " + MemoryNames.Describe(view.Kind) + " was recorded.";
        GroupRow first = lines[0];
        string function = first.Frame.Function is { } name ? ", " + name : "";
        return ByteText.Share(first.Own.Bytes, view.Total.Bytes) + " of " + MemoryNames.Describe(view.Kind) + " comes from " + MemoryNames.Place(first.Frame)
            + function + ": " + ByteText.Of(first.Own.Bytes) + " in " + Times(first.Own.Count);
    }

    public static string Process(RecordingFacts facts)
    {
        string version = facts.Version is { } known ? "CPython " + known + ", " : "";
        return "process " + facts.Pid.ToString(CultureInfo.InvariantCulture) + ", " + version + CommandLine.Join(facts.Command);
    }

    public static string Amounts(AllocationAnalysis analysis)
    {
        string length = analysis.Recording.EndMicroseconds is { } end ? ", in " + Seconds(end) : "";
        return "peak " + ByteText.Of(analysis.AtPeak.Bytes) + " at " + Seconds(analysis.PeakMicroseconds)
            + "; held at the end " + ByteText.Of(analysis.Held.Bytes)
            + "; in all " + ByteText.Of(analysis.All.Bytes) + " in " + Times(analysis.All.Count) + length;
    }

    /// <summary>Of stacks of threads.</summary>
    public static string Reserved(in Sum sum) =>
        "beside that " + ByteText.Of(sum.Bytes) + " of address space for stacks of threads (" + ByteText.Count(sum.Count) + "), of which as a rule a few pages are used";

    public static string Seconds(long microseconds) => (microseconds / 1e6).ToString("0.000", CultureInfo.InvariantCulture) + " s";

    public static string Times(double count) => Quantity.Of((long)Math.Round(count), "allocation");
}
