using System.Runtime.InteropServices;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>The allocations of one site that were made in one stretch of time and ended in another.</summary>
/// <param name="Death">−1 for those that are held at the end.</param>
public readonly record struct LifeSpan(AllocationSite Site, int Birth, int Death);

/// <summary>When allocations began and ended, by stretches of time: so much is enough to look at any range of time afterwards.</summary>
public sealed class LifeSpans : IAllocationSink
{
    private readonly SampleWeight _weight;
    private readonly long _stretch;
    private readonly int _last;
    private readonly HeldAllocations _held = new();
    private readonly Dictionary<AllocationSite, int> _numbers = [];
    private readonly List<AllocationSite> _sites = [];
    private readonly Dictionary<LifeSpan, Sum> _spans = [];

    private LifeSpans(SampleWeight weight, long stretch, int count)
    {
        _weight = weight;
        _stretch = stretch;
        _last = count - 1;
    }

    /// <param name="stretch">Length of a stretch in microseconds.</param>
    /// <param name="count">Stretches; what comes later counts for the last one.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public static IReadOnlyDictionary<LifeSpan, Sum> Of(RecordingReader recording, long stretch, int count)
    {
        var spans = new LifeSpans(new SampleWeight(recording.Facts.SampleBytes), stretch, count);
        recording.Replay(spans);
        spans._held.ForEach(held => spans.End(held, -1));
        return spans._spans;
    }

    void IAllocationSink.Allocated(in Allocation allocation)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, allocation.Site, out bool exists);
        if (!exists)
        {
            number = _sites.Count;
            _sites.Add(allocation.Site);
        }

        _held.Add(allocation.Index, new HeldAllocation(number, allocation.Site.Thread, allocation.Bytes, allocation.Microseconds, 0));
    }

    void IAllocationSink.Freed(long index, long microseconds)
    {
        if (_held.TryRemove(index, out HeldAllocation freed))
            End(freed, Stretch(microseconds));
    }

    void IAllocationSink.Shrunk(long index, long bytes, long microseconds)
    {
        if (!_held.TryGet(index, out HeldAllocation held) || bytes <= 0 || bytes >= held.Bytes)
            return;
        _held.Replace(index, held with { Bytes = held.Bytes - bytes });
        Add(new LifeSpan(_sites[held.Site], Stretch(held.Microseconds), Stretch(microseconds)), new Sum(0, bytes, 0));
    }

    private void End(in HeldAllocation held, int death) =>
        Add(new LifeSpan(_sites[held.Site], Stretch(held.Microseconds), death), _weight.Of(held.Bytes));

    private void Add(in LifeSpan span, in Sum sum)
    {
        ref Sum total = ref CollectionsMarshal.GetValueRefOrAddDefault(_spans, span, out _);
        total += sum;
    }

    private int Stretch(long microseconds) => (int)Math.Min(microseconds / _stretch, _last);
}
