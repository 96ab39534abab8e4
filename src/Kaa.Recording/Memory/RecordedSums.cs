using Kaa.Formats;
using Kaa.Recording.Format;

namespace Kaa.Recording.Memory;

/// <summary>Of one site, over all of a recording.</summary>
/// <param name="OldestMicroseconds">When the oldest of those that are held was allocated.</param>
public readonly record struct SiteSums(
    AllocationSite Site, Sum All, Sum AtPeak, Sum Held, Sum Temporary, long OldestMicroseconds);

/// <summary>How many allocations, of how many bytes. Whole numbers where each was recorded, estimates where samples were.</summary>
/// <param name="Variance">Of the bytes, in bytes²; 0 where each was recorded.</param>
public readonly record struct Sum(double Count, double Bytes, double Variance)
{
    public static Sum operator +(in Sum left, in Sum right) => left.Plus(right);

    public static Sum operator -(in Sum left, in Sum right) => left.Minus(right);

    public Sum Plus(in Sum other) => new(Count + other.Count, Bytes + other.Bytes, Variance + other.Variance);

    public Sum Minus(in Sum other) => new(Count - other.Count, Bytes - other.Bytes, Math.Max(0, Variance - other.Variance));
}

/// <summary>What is left of a recording that was made to stay small: sums by site.</summary>
public sealed class RecordedSums
{
    private const int MostSites = 10_000_000;
    private const string Format = "recording";

    public long PeakMicroseconds { get; init; }

    public required IReadOnlyList<SiteSums> Sites { get; init; }

    internal void WriteTo(ByteSink content)
    {
        content.Uleb(PeakMicroseconds);
        content.Uleb(Sites.Count);
        foreach (SiteSums sums in Sites)
        {
            content.Uleb(sums.Site.Stack);
            content.Uleb(sums.Site.Thread);
            content.U8((byte)sums.Site.Allocator);
            Write(content, sums.All);
            Write(content, sums.AtPeak);
            Write(content, sums.Held);
            Write(content, sums.Temporary);
            content.Uleb(sums.OldestMicroseconds);
        }
    }

    /// <exception cref="BadData">Bytes that no writer makes.</exception>
    internal static RecordedSums Read(ReadOnlySpan<byte> content)
    {
        var reader = new SpanReader(content, Format);
        long peak = reader.Whole();
        long count = reader.Whole();
        if (count > MostSites)
            throw new BadData(Format, reader.Position, $"{count} sites");
        var sites = new List<SiteSums>((int)Math.Min(count, reader.Remaining));
        for (long i = 0; i < count; i++)
        {
            var site = new AllocationSite(reader.Number(), reader.Number(), (AllocatorKind)(reader.U8() % AllocatorKinds.Count));
            sites.Add(new SiteSums(site, ReadSum(ref reader), ReadSum(ref reader), ReadSum(ref reader), ReadSum(ref reader), reader.Whole()));
        }

        return new RecordedSums { PeakMicroseconds = peak, Sites = sites };
    }

    // Estimates are rounded: they are uncertain by far more.
    private static void Write(ByteSink content, in Sum sum)
    {
        content.Uleb((long)Math.Round(sum.Count));
        content.Uleb((long)Math.Round(sum.Bytes));
        content.Uleb((long)Math.Min(Math.Round(sum.Variance), long.MaxValue / 2));
    }

    private static Sum ReadSum(ref SpanReader reader) => new(reader.Whole(), reader.Whole(), reader.Whole());
}
