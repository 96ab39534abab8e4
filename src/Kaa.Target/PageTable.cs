using System.Numerics;

namespace Kaa.Target;

/// <summary>Page number → slot: an open-addressed table with linear probing, and the slots' bytes in slabs that are kept for reuse.</summary>
internal sealed class PageTable
{
    /// <summary>The slot of a page that can't be read.</summary>
    public const int Hole = -1;

    private const int PageSize = PageCache.PageSize;

    /// <summary>128 KiB: large enough that the collector never moves a slab.</summary>
    private const int SlabPages = 32;

    private readonly int _maxSlots;
    private readonly List<byte[]> _slabs = [];
    private ulong[] _keys = new ulong[256];
    private int[] _values = new int[256];
    private ushort[] _lengths = new ushort[256];
    private int _entries;
    private int _slots;

    /// <summary>How many pages are made to be there at a time.</summary>
    private const int PreparedPages = 8;

    private readonly Action<Memory<byte>>? _prepare;
    private int _prepared;

    /// <param name="prepare">Called for each new stretch of buffers.</param>
    public PageTable(int maxSlots, Action<Memory<byte>>? prepare) => (_maxSlots, _prepare) = (maxSlots, prepare);

    /// <summary>True where it is time to begin afresh; holes have entries but no slots.</summary>
    public bool IsFull => _slots >= _maxSlots || _entries >= 2 * _maxSlots;

    public bool TryFind(ulong page, out int slot)
    {
        int mask = _keys.Length - 1;
        for (int i = IndexOf(page); _keys[i] != 0; i = (i + 1) & mask)
        {
            if (_keys[i] == unchecked(page + 1))
            {
                slot = _values[i];
                return true;
            }
        }

        slot = Hole;
        return false;
    }

    /// <summary>Takes slots whose bytes are adjacent; gives the first. What is not added to the table is lost until <see cref="Clear"/>.</summary>
    public int Reserve(int count)
    {
        if ((_slots % SlabPages) + count > SlabPages)
            _slots += SlabPages - (_slots % SlabPages);
        int first = _slots;
        _slots += count;
        while (_slabs.Count * SlabPages < _slots)
            _slabs.Add(GC.AllocateUninitializedArray<byte>(SlabPages * PageSize));
        for (; _prepare is not null && _prepared < _slots; _prepared += PreparedPages)
            _prepare(_slabs[_prepared / SlabPages].AsMemory(_prepared % SlabPages * PageSize, PreparedPages * PageSize));
        return first;
    }

    /// <summary>Says what a page's slot is; a page that is in the table already stays as it is.</summary>
    public void Add(ulong page, int slot, int length)
    {
        if (TryFind(page, out _))
            return;
        if (++_entries * 2 > _keys.Length)
            Grow();
        Insert(page + 1, slot);
        if (slot == Hole)
            return;
        while (slot >= _lengths.Length)
            Array.Resize(ref _lengths, _lengths.Length * 2);
        _lengths[slot] = (ushort)length;
    }

    public int LengthOf(int slot) => _lengths[slot];

    public (byte[] Slab, int Start) PlaceOf(int slot) => (_slabs[slot / SlabPages], slot % SlabPages * PageSize);

    public void Clear()
    {
        Array.Clear(_keys);
        _entries = 0;
        _slots = 0;
    }

    private void Insert(ulong key, int slot)
    {
        int mask = _keys.Length - 1;
        int i = IndexOf(key - 1);
        while (_keys[i] != 0)
            i = (i + 1) & mask;
        _keys[i] = key;
        _values[i] = slot;
    }

    // Fibonacci hashing: neighbours spread, the top bits are the good ones.
    private int IndexOf(ulong page) => (int)(unchecked(page * 0x9e3779b97f4a7c15) >> (64 - BitOperations.Log2((uint)_keys.Length)));

    private void Grow()
    {
        ulong[] keys = _keys;
        int[] values = _values;
        _keys = new ulong[keys.Length * 2];
        _values = new int[keys.Length * 2];
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != 0)
                Insert(keys[i], values[i]);
        }
    }
}
