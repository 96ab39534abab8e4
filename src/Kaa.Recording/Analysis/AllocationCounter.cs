using System.Runtime.InteropServices;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>Adds up events as they come: what a report is made of, and what a recording that stays small keeps.</summary>
public sealed class AllocationCounter(SampleWeight weight, AnalysisRequest request) : IAllocationSink
{
    private readonly HeldAllocations _held = new();
    private readonly Dictionary<int, long> _made = [];

    public SiteTable Sites { get; } = new();

    public Timeline Timeline { get; } = new();

    public SizeHistogram Sizes { get; } = new();

    public void Allocated(in Allocation allocation)
    {
        ref long made = ref CollectionsMarshal.GetValueRefOrAddDefault(_made, allocation.Site.Thread, out _);
        made++;
        if (IsLate(allocation.Microseconds))
            return;
        int site = Sites.Number(allocation.Site);
        Sum sum = weight.Of(allocation.Bytes);
        Sites.Add(site, sum, allocation.Microseconds);
        if (!allocation.Site.Allocator.IsReserved())
            Sizes.Add(allocation.Bytes, sum);
        _held.Add(allocation.Index, new HeldAllocation(site, allocation.Site.Thread, allocation.Bytes, allocation.Microseconds, made));
        Timeline.Change(allocation.Microseconds, Sites.Held);
    }

    public void Freed(long index, long microseconds)
    {
        if (IsLate(microseconds) || !_held.TryRemove(index, out HeldAllocation freed))
            return;
        Sum sum = weight.Of(freed.Bytes);
        Sites.Remove(freed.Site, sum);
        Timeline.Change(microseconds, Sites.Held);
        if (_made[freed.Thread] - freed.Ordinal < request.TemporaryWithin)
            Sites.AddTemporary(freed.Site, sum);
    }

    public void Shrunk(long index, long bytes, long microseconds)
    {
        if (IsLate(microseconds) || !_held.TryGet(index, out HeldAllocation held) || bytes <= 0)
            return;
        if (bytes >= held.Bytes)
        {
            Freed(index, microseconds);
            return;
        }

        _held.Replace(index, held with { Bytes = held.Bytes - bytes });
        Sites.Remove(held.Site, new Sum(0, bytes, 0));
        Timeline.Change(microseconds, Sites.Held);
    }

    /// <summary>The sums, now that everything has been told.</summary>
    public List<SiteSums> Finish()
    {
        _held.ForEach(held => Sites.SetOldest(held.Site, held.Microseconds));
        return Sites.Sums();
    }

    private bool IsLate(long microseconds) => request.UntilMicroseconds is { } end && microseconds > end;
}
