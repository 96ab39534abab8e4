using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

public sealed record AnalysisRequest
{
    /// <summary>An allocation that its thread's next n ones did not outlive is temporary: this is n.</summary>
    public int TemporaryWithin { get; init; } = 1;

    /// <summary>Events after this moment (since the recording began) are left out; null for none.</summary>
    public long? UntilMicroseconds { get; init; }
}

/// <summary>What a recording comes to: sums by site, the peak, the course of time, sizes.</summary>
public sealed class AllocationAnalysis
{
    private AllocationAnalysis(RecordingReader recording, AllocationCounter counter)
    {
        Recording = recording;
        Timeline = counter.Timeline;
        Sizes = counter.Sizes;
        if (recording.Sums is { } sums)
        {
            Sites = sums.Sites;
            PeakMicroseconds = sums.PeakMicroseconds;
        }
        else
        {
            Sites = counter.Finish();
            PeakMicroseconds = counter.Sites.PeakMicroseconds;
        }

        foreach (SiteSums site in Sites)
        {
            if (site.Site.Allocator.IsReserved())
                continue;
            All += site.All;
            AtPeak += site.AtPeak;
            Held += site.Held;
        }
    }

    public RecordingReader Recording { get; }

    public IReadOnlyList<SiteSums> Sites { get; }

    public long PeakMicroseconds { get; }

    public Sum All { get; }

    public Sum AtPeak { get; }

    /// <summary>At the end, or at the moment that was asked for.</summary>
    public Sum Held { get; }

    /// <summary>Empty for a recording of sums.</summary>
    public Timeline Timeline { get; }

    /// <summary>Empty for a recording of sums.</summary>
    public SizeHistogram Sizes { get; }

    /// <exception cref="IOException">It can't be read.</exception>
    public static AllocationAnalysis Of(RecordingReader recording, AnalysisRequest request)
    {
        var counter = new AllocationCounter(new SampleWeight(recording.Facts.SampleBytes), request);
        recording.Replay(counter);
        return new AllocationAnalysis(recording, counter);
    }
}
