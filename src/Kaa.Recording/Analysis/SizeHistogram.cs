using System.Numerics;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>How many allocations there were of which size: class 0 has those of 0 bytes, class n those of 2^(n−1) to 2^n − 1.</summary>
public sealed class SizeHistogram
{
    public const int Classes = 65;

    private readonly double[] _counts = new double[Classes];
    private readonly double[] _bytes = new double[Classes];

    public IReadOnlyList<double> Counts => _counts;

    public IReadOnlyList<double> Bytes => _bytes;

    public static int ClassOf(long bytes) => bytes <= 0 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)bytes);

    public void Add(long bytes, in Sum sum)
    {
        int index = ClassOf(bytes);
        _counts[index] += sum.Count;
        _bytes[index] += sum.Bytes;
    }
}
