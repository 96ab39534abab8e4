using Kaa.Recording.Analysis;
using Kaa.Recording.Format;

namespace Kaa.Recording.Memory;

/// <summary>
/// Turns what the agent tells (addresses that come and go) into what a recording has (allocations and their ends). Addresses are of no use to a
/// reader and take the most room, so they stay here.
/// </summary>
/// <param name="events">Where it is written; null for a recording that is to stay small.</param>
/// <param name="counter">Where it is added up; null where a reader of the file does that.</param>
public sealed class AllocationRecorder(EventEncoder? events, AllocationCounter? counter)
{
    private readonly BlockMap _blocks = new();
    private readonly MappedRanges _ranges = new();
    private readonly Dictionary<int, (ulong Address, HeldBlock Block)> _moving = []; // by thread
    private readonly Dictionary<long, long> _mapped = []; // bytes left of each mapping, by number
    private readonly Dictionary<long, long> _reserved = []; // those of them that are address space only
    private long _next;
    private long _now;

    /// <summary>Bytes that recorded allocations hold.</summary>
    public long Held { get; private set; }

    /// <summary>Allocations so far.</summary>
    public long Count => _next;

    /// <summary>Ends of memory that was not seen when it was allocated: before the recording, or lost.</summary>
    public long Unknown { get; private set; }

    /// <param name="microseconds">Since the recording began; what follows happened then.</param>
    public void At(long microseconds)
    {
        _now = Math.Max(_now, microseconds);
        events?.At(_now);
    }

    public void Allocated(ulong address, long bytes, in AllocationSite site)
    {
        Settle(site.Thread);

        // Held already: its end was lost.
        if (_blocks.Remove(address) is { } lost)
            End(lost);
        _blocks.Put(address, new HeldBlock(Begin(site, bytes), bytes));
    }

    public void Freed(ulong address)
    {
        if (_blocks.Remove(address) is { } block)
            End(block);
        else
            Unknown++;
    }

    /// <summary>A realloc has begun: whether the old memory ends is told by what the thread does next, an allocation or <see cref="Stayed"/>.</summary>
    public void Moving(ulong address, int thread)
    {
        Settle(thread);
        if (_blocks.Remove(address) is { } block)
            _moving[thread] = (address, block);
        else
            Unknown++;
    }

    /// <summary>That realloc has failed.</summary>
    public void Stayed(int thread)
    {
        if (_moving.Remove(thread, out (ulong Address, HeldBlock Block) old))
            _blocks.Put(old.Address, old.Block);
    }

    /// <summary>What a thread's last realloc took has ended; for all threads at the end of a recording.</summary>
    public void Settle()
    {
        foreach ((_, HeldBlock block) in _moving.Values)
            End(block);
        _moving.Clear();
    }

    /// <summary>mmap; also what mremap made of a mapping, whose old place was unmapped before.</summary>
    public void Mapped(ulong address, long bytes, in AllocationSite site)
    {
        ulong end = unchecked(address + (ulong)bytes);
        if (bytes <= 0 || end < address)
            return;
        Unmapped(address, bytes, isReplaced: true);
        long number = Begin(site, bytes);
        _ranges.Add(address, end, number);
        _mapped.Add(number, bytes);
        if (site.Allocator.IsReserved())
            _reserved.Add(number, bytes);
    }

    public void Unmapped(ulong address, long bytes) => Unmapped(address, bytes, isReplaced: false);

    private void Settle(int thread)
    {
        if (_moving.Remove(thread, out (ulong Address, HeldBlock Block) old))
            End(old.Block);
    }

    private void Unmapped(ulong address, long bytes, bool isReplaced)
    {
        ulong end = unchecked(address + (ulong)bytes);
        if (bytes <= 0 || end < address)
            return;
        int known = 0;
        _ranges.Remove(address, end, (number, taken) =>
        {
            known++;
            Shrink(number, taken);
        });
        if (known == 0 && !isReplaced)
            Unknown++;
    }

    private long Begin(in AllocationSite site, long bytes)
    {
        long number = _next++;
        Held += site.Allocator.IsReserved() ? 0 : bytes;
        events?.Allocate(site, bytes);
        counter?.Allocated(new Allocation(number, site, bytes, _now));
        return number;
    }

    private void End(in HeldBlock block)
    {
        Held -= block.Bytes;
        Free(block.Number);
    }

    private void Free(long number)
    {
        events?.Free(number);
        counter?.Freed(number, _now);
    }

    private void Shrink(long number, long taken)
    {
        Held -= _reserved.ContainsKey(number) ? 0 : taken;
        long left = _mapped[number] - taken;
        if (left > 0)
        {
            _mapped[number] = left;
            events?.Shrink(number, taken);
            counter?.Shrunk(number, taken, _now);
            return;
        }

        _mapped.Remove(number);
        _reserved.Remove(number);
        Free(number);
    }
}
