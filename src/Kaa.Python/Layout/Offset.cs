namespace Kaa.Python.Layout;

/// <summary>Offsets in bytes from the start of one of CPython's structures.</summary>
public static class Offset
{
    /// <summary>The offset of a field that a version lacks, or of which nothing is known.</summary>
    public const int Absent = -1;

    /// <summary>The largest of them.</summary>
    internal static int Last(ReadOnlySpan<int> offsets)
    {
        int last = Absent;
        foreach (int offset in offsets)
            last = Math.Max(last, offset);
        return last;
    }
}
