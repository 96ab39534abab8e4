using Kaa.Recording.Analysis;
using Kaa.Report.Text;

namespace Kaa.Report.Memory;

/// <summary>How many allocations there were of which size, all over the recording.</summary>
internal static class SizeTable
{
    private const int MostBar = 40;

    public static void Write(MemoryView view, StyledWriter writer)
    {
        SizeHistogram sizes = view.Analysis.Sizes;
        double most = 0;
        foreach (double count in sizes.Counts)
            most = Math.Max(most, count);
        if (most <= 0)
            return;
        writer.Line();
        writer.Text("size of allocations, all of them", Tone.Heading).Line();
        for (int index = 0; index < SizeHistogram.Classes; index++)
        {
            if (sizes.Counts[index] <= 0)
                continue;
            string below = index == 0 ? "0 B" : "< " + ByteText.Of(Math.Pow(2, index));
            writer.Text(below.PadLeft(12) + ByteText.Count(sizes.Counts[index]).PadLeft(15) + ByteText.Of(sizes.Bytes[index]).PadLeft(12) + "  ")
                .Text(new string('█', (int)Math.Ceiling(MostBar * sizes.Counts[index] / most)), Tone.Faint)
                .Line();
        }
    }
}
