namespace Kaa.Recording.Memory;

/// <summary>Memory that is held.</summary>
/// <param name="Number">Of its allocation.</param>
public readonly record struct HeldBlock(long Number, long Bytes);

/// <summary>
/// Addresses of memory that is held → what it is. Made for tens of millions of changes a second: one array, open addressing with linear probing, and
/// entries that are taken out close the gap (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
/// </summary>
public sealed class BlockMap
{
    private const int FirstBits = 12;

    private Entry[] _entries = new Entry[1 << FirstBits];
    private int _shift = 64 - FirstBits;

    public int Count { get; private set; }

    /// <summary>Null where the address is not held. 0 is never held: it marks a free entry.</summary>
    public HeldBlock? Find(ulong address)
    {
        for (int at = Home(address); _entries[at].Address != 0; at = Next(at))
        {
            if (_entries[at].Address == address)
                return _entries[at].Block;
        }

        return null;
    }

    /// <summary>Gives what the address stood for before; null for nothing.</summary>
    public HeldBlock? Put(ulong address, in HeldBlock block)
    {
        if (address == 0)
            return null;
        if (Count * 3L >= _entries.Length * 2L)
            Grow();
        int at = Home(address);
        for (; _entries[at].Address != 0; at = Next(at))
        {
            if (_entries[at].Address != address)
                continue;
            HeldBlock before = _entries[at].Block;
            _entries[at].Block = block;
            return before;
        }

        _entries[at] = new Entry { Address = address, Block = block };
        Count++;
        return null;
    }

    /// <summary>Gives what the address stood for; null where it is not held.</summary>
    public HeldBlock? Remove(ulong address)
    {
        for (int at = Home(address); _entries[at].Address != 0; at = Next(at))
        {
            if (_entries[at].Address != address)
                continue;
            HeldBlock block = _entries[at].Block;
            Close(at);
            Count--;
            return block;
        }

        return null;
    }

    private void Close(int gap)
    {
        for (int at = Next(gap); _entries[at].Address != 0; at = Next(at))
        {
            // An entry may move to the gap where its home does not lie behind it.
            int home = Home(_entries[at].Address);
            bool stays = gap <= at ? home > gap && home <= at : home > gap || home <= at;
            if (stays)
                continue;
            _entries[gap] = _entries[at];
            gap = at;
        }

        _entries[gap] = default;
    }

    private void Grow()
    {
        Entry[] old = _entries;
        _entries = new Entry[old.Length * 2];
        _shift--;
        foreach (Entry entry in old)
        {
            if (entry.Address == 0)
                continue;
            int at = Home(entry.Address);
            while (_entries[at].Address != 0)
                at = Next(at);
            _entries[at] = entry;
        }
    }

    private int Home(ulong address) => (int)(unchecked(address * 0x9e3779b97f4a7c15) >> _shift);

    private int Next(int at) => (at + 1) & (_entries.Length - 1);

    private struct Entry
    {
        public ulong Address;
        public HeldBlock Block;
    }
}
