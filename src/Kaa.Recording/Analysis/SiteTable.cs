using System.Runtime.InteropServices;
using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>
/// Sums by site while events go by, and what they were at the peak, without a second look at the events: a site remembers what it held at the peak
/// when it changes for the first time after it.
/// </summary>
public sealed class SiteTable
{
    private readonly Dictionary<AllocationSite, int> _numbers = [];
    private readonly List<SiteRow> _rows = [];
    private double _held;
    private long _epoch;
    private bool _isRising;

    /// <summary>Bytes that are held now, without those of address space only.</summary>
    public double Held => _held;

    /// <summary>Most bytes that were held at once, so far.</summary>
    public double Peak { get; private set; }

    /// <summary>When that was.</summary>
    public long PeakMicroseconds { get; private set; }

    public int Count => _rows.Count;

    public AllocationSite Site(int number) => _rows[number].Site;

    /// <summary>What a site has allocated so far.</summary>
    public Sum All(int number) => _rows[number].All;

    /// <summary>What a site holds now.</summary>
    public Sum HeldBy(int number) => _rows[number].Held;

    public int Number(in AllocationSite site)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, site, out bool exists);
        if (!exists)
        {
            number = _rows.Count;
            _rows.Add(new SiteRow { Site = site });
        }

        return number;
    }

    public void Add(int site, in Sum sum, long microseconds)
    {
        SiteRow row = Touch(site);
        row.All += sum;
        row.Held += sum;
        if (row.Site.Allocator.IsReserved())
            return;
        _held += sum.Bytes;
        if (_held > Peak)
        {
            Peak = _held;
            PeakMicroseconds = microseconds;
            _isRising = true;
        }
    }

    public void Remove(int site, in Sum sum)
    {
        bool isReserved = _rows[site].Site.Allocator.IsReserved();

        // What was held before the first step down after a rise was held at the peak.
        if (_isRising && !isReserved)
        {
            _epoch++;
            _isRising = false;
        }

        SiteRow row = Touch(site);
        row.Held -= sum;
        _held -= isReserved ? 0 : sum.Bytes;
    }

    public void AddTemporary(int site, in Sum sum) => _rows[site].Temporary += sum;

    public void SetOldest(int site, long microseconds) => _rows[site].Oldest = Math.Min(_rows[site].Oldest, microseconds);

    public List<SiteSums> Sums()
    {
        var sums = new List<SiteSums>(_rows.Count);
        foreach (SiteRow row in _rows)
        {
            Sum atPeak = row.Epoch == _epoch && !_isRising ? row.AtPeak : row.Held;
            sums.Add(new SiteSums(row.Site, row.All, atPeak, row.Held, row.Temporary, row.Oldest == long.MaxValue ? 0 : row.Oldest));
        }

        return sums;
    }

    private SiteRow Touch(int site)
    {
        SiteRow row = _rows[site];
        if (row.Epoch != _epoch)
        {
            row.Epoch = _epoch;
            row.AtPeak = row.Held;
        }

        return row;
    }

    private sealed class SiteRow
    {
        public required AllocationSite Site { get; init; }

        public Sum All { get; set; }

        public Sum Held { get; set; }

        public Sum AtPeak { get; set; }

        public Sum Temporary { get; set; }

        /// <summary>Count of peaks, as of which <see cref="AtPeak"/> is known.</summary>
        public long Epoch { get; set; }

        public long Oldest { get; set; } = long.MaxValue;
    }
}
