namespace Kaa.Report.Memory;

/// <summary>A course of time in one row of text: a block for each stretch, as high as the most of it.</summary>
public static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <param name="values">None below 0; heights are from 0 to the largest of all.</param>
    /// <param name="width">Characters at most: neighbours share one where there are more values.</param>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        int count = Math.Min(values.Count, width);
        if (count <= 0)
            return "";
        double most = 0;
        foreach (double value in values)
            most = Math.Max(most, value);
        char[] text = new char[count];
        for (int i = 0; i < count; i++)
        {
            int first = (int)((long)i * values.Count / count);
            int end = (int)((long)(i + 1) * values.Count / count);
            double highest = 0;
            for (int at = first; at < end; at++)
                highest = Math.Max(highest, values[at]);
            text[i] = most > 0 ? Blocks[(int)Math.Round(highest / most * (Blocks.Length - 1))] : Blocks[0];
        }

        return new string(text);
    }
}
