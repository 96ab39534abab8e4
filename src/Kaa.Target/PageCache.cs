using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Formats;

namespace Kaa.Target;

/// <summary>
/// Memory as it was when each page was first asked for. A read of the target costs about the same for 8 bytes as for pages, so a miss
/// fetches a few pages around it, and more of them where their neighbours were wanted too. Holes are kept as well. When it is full
/// it begins afresh, so memory that is garbage can't make it grow. Assumes that memory comes and goes in whole pages, but for
/// ranges that end inside one. Not safe for two threads at once.
/// </summary>
public sealed class PageCache : IMemory
{
    public const int PageSize = 1 << PageShift;

    private const int PageShift = 12;

    /// <summary>
    /// What a lone miss fetches. On the development box 8 bytes took 1.5 µs, one page 1.6, two 2.1, four 5, 16 pages 15; but each page more
    /// is also one that the kernel must first give to us (about 1 µs). Objects lie scattered: a second page was seldom used.
    /// </summary>
    private const int SmallWindow = 1;

    /// <summary>What is fetched where the target is read through.</summary>
    private const int LargeWindow = 4;

    private const int LargestWindow = 16;

    /// <summary>Reads beyond this are made directly: their content is used once.</summary>
    private const int LargestCached = LargestWindow * PageSize;

    private readonly IMemory _memory;
    private readonly Func<bool>? _expired;
    private readonly PageTable _pages;
    private ulong _lastPage = ulong.MaxValue;
    private int _lastLength;
    private byte[] _lastSlab = [];
    private int _lastStart;

    /// <param name="expired">Asked before each read of the target; once it says true, reads that are not cached throw <see cref="FaultReason.Budget"/>.</param>
    /// <param name="maxPages">Pages that are kept, a few windows more or less.</param>
    /// <param name="prepare">Called for each new stretch of buffers: what makes its pages be there before they are written to one by one.</param>
    public PageCache(IMemory memory, Func<bool>? expired = null, int maxPages = Limits.CachedPages, Action<Memory<byte>>? prepare = null)
    {
        _memory = memory;
        _expired = expired;
        _pages = new PageTable(maxPages, prepare);
    }

    /// <summary>Reads of the target.</summary>
    public long Reads { get; private set; }

    /// <summary>Bytes that these gave.</summary>
    public long Bytes { get; private set; }

    /// <summary>Pages that were found here.</summary>
    public long Hits { get; private set; }

    /// <summary>Forgets everything, keeps the buffers.</summary>
    public void Clear()
    {
        _pages.Clear();
        _lastPage = ulong.MaxValue;
    }

    public int Read(Address address, Span<byte> buffer)
    {
        int offset = (int)(address.Value & (PageSize - 1));
        if (address.Value >> PageShift == _lastPage && offset + buffer.Length <= _lastLength)
        {
            Hits++;
            ref byte source = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_lastSlab), _lastStart + offset);
            if (buffer.Length == sizeof(ulong))
                Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(buffer), Unsafe.ReadUnaligned<ulong>(ref source));
            else
                MemoryMarshal.CreateReadOnlySpan(ref source, buffer.Length).CopyTo(buffer);
            return buffer.Length;
        }

        return buffer.Length > LargestCached ? Fetch(address, buffer) : ReadPages(address, buffer);
    }

    private int ReadPages(Address address, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            ulong place = unchecked(address.Value + (ulong)done);
            if (place < address.Value || !Select(place >> PageShift, ((place & (PageSize - 1)) + (ulong)(buffer.Length - done) - 1) >> PageShift))
                break;
            int offset = (int)(place & (PageSize - 1));
            int count = Math.Min(_lastLength - offset, buffer.Length - done);
            if (count <= 0)
                break;
            _lastSlab.AsSpan(_lastStart + offset, count).CopyTo(buffer[done..]);
            done += count;
            if (_lastLength < PageSize)
                break;
        }

        return done;
    }

    /// <summary>Makes a page the last one; false where nothing is there.</summary>
    private bool Select(ulong page, ulong morePages)
    {
        if (_pages.TryFind(page, out int slot))
            Hits++;
        else
            slot = Load(page, (int)morePages + 1);
        if (slot == PageTable.Hole)
            return false;
        _lastPage = page;
        _lastLength = _pages.LengthOf(slot);
        (_lastSlab, _lastStart) = _pages.PlaceOf(slot);
        return true;
    }

    private int Load(ulong page, int wanted)
    {
        if (_pages.IsFull)
            Clear();
        int window = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(wanted, LargestWindow));
        window = Math.Max(window, HasNeighbour(page) ? LargeWindow : SmallWindow);
        ulong first = page & ~((ulong)window - 1);
        LoadRange(first, window);

        // Something before it was a hole, at which the read ended.
        if (!_pages.TryFind(page, out int slot))
        {
            LoadRange(page, (int)(first + (ulong)window - page));
            _pages.TryFind(page, out slot);
        }

        return slot;
    }

    private bool HasNeighbour(ulong page)
    {
        ulong first = page & ~((ulong)SmallWindow - 1);
        return (_pages.TryFind(unchecked(first - 1), out int before) && before != PageTable.Hole)
            || (_pages.TryFind(first + SmallWindow, out int after) && after != PageTable.Hole);
    }

    /// <summary>Reads pages in one go and keeps those that were not there; the one at which the read ended is a hole, or a part of a page.</summary>
    private void LoadRange(ulong first, int count)
    {
        int slot = _pages.Reserve(count);
        (byte[] slab, int start) = _pages.PlaceOf(slot);
        int got = Fetch(new Address(first << PageShift), slab.AsSpan(start, count * PageSize));
        int whole = got >> PageShift;
        for (int i = 0; i < whole; i++)
            _pages.Add(first + (ulong)i, slot + i, PageSize);
        int rest = got & (PageSize - 1);
        if (whole < count)
            _pages.Add(first + (ulong)whole, rest > 0 ? slot + whole : PageTable.Hole, rest);
    }

    private int Fetch(Address address, Span<byte> buffer)
    {
        if (_expired?.Invoke() == true)
            throw new TargetFault(FaultReason.Budget, address, "the time for this look is used up");
        int got = _memory.Read(address, buffer);
        Reads++;
        Bytes += got;
        return got;
    }
}
