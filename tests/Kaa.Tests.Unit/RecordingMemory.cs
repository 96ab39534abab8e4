using Kaa.Formats;

namespace Kaa.Tests.Unit;

/// <summary>Remembers which pages were read, with their bytes, so that a walk can be repeated over spoiled copies of them.</summary>
public sealed class RecordingMemory(IMemory inner) : IMemory
{
    public const int PageSize = 256;

    private readonly SortedDictionary<ulong, byte[]> _pages = [];

    /// <summary>Pages by the address of their first byte, each as far as it was readable.</summary>
    public IReadOnlyDictionary<ulong, byte[]> Pages => _pages;

    public int Read(Address address, Span<byte> buffer)
    {
        int count = inner.Read(address, buffer);
        ulong end = address.Value + (ulong)count;
        for (ulong page = address.Value & ~(ulong)(PageSize - 1); count > 0 && page < end; page += PageSize)
        {
            if (!_pages.ContainsKey(page))
                _pages.Add(page, Copy(page));
        }

        return count;
    }

    private byte[] Copy(ulong page)
    {
        byte[] bytes = new byte[PageSize];
        int start = 0;

        // The first bytes of a page may be a hole.
        while (start < PageSize && inner.Read(new Address(page + (ulong)start), bytes.AsSpan(start, 1)) == 0)
            start++;
        int got = start < PageSize ? inner.Read(new Address(page + (ulong)start), bytes.AsSpan(start)) : 0;
        return bytes[..(start + got)];
    }
}

/// <summary>
/// Recorded pages with some bytes changed: what a walk over a target meets whose memory is garbage. Counts reads, and ends a walk that
/// reads without end.
/// </summary>
public sealed class MutatedMemory : IMemory
{
    private readonly Dictionary<ulong, byte[]> _pages = [];
    private readonly int _maxReads;

    /// <param name="random">Of a known seed, so that a failure can be repeated.</param>
    public MutatedMemory(RecordingMemory recorded, Random random, int mutations, int maxReads)
    {
        _maxReads = maxReads;
        List<ulong> addresses = [];
        foreach ((ulong page, byte[] bytes) in recorded.Pages)
        {
            _pages.Add(page, (byte[])bytes.Clone());
            addresses.Add(page);
        }

        for (int i = 0; i < mutations; i++)
            Mutate(_pages[addresses[random.Next(addresses.Count)]], addresses, random);
    }

    public int Reads { get; private set; }

    public int Read(Address address, Span<byte> buffer)
    {
        if (++Reads > _maxReads)
            throw new InvalidOperationException("a walk that does not end");
        int done = 0;
        while (done < buffer.Length)
        {
            ulong at = unchecked(address.Value + (ulong)done);
            ulong page = at & ~(ulong)(RecordingMemory.PageSize - 1);
            int offset = (int)(at - page);
            if (!_pages.TryGetValue(page, out byte[]? bytes) || offset >= bytes.Length)
                break;
            int count = Math.Min(bytes.Length - offset, buffer.Length - done);
            bytes.AsSpan(offset, count).CopyTo(buffer[done..]);
            done += count;
        }

        return done;
    }

    /// <summary>A bit, a byte, or a whole word: zero, all ones, huge, small, or a pointer to somewhere else that can be read.</summary>
    private static void Mutate(byte[] bytes, List<ulong> addresses, Random random)
    {
        if (bytes.Length < 8)
            return;
        int word = random.Next(bytes.Length / 8) * 8;
        switch (random.Next(7))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                break;
            case 2:
                BitConverter.TryWriteBytes(bytes.AsSpan(word), 0UL);
                break;
            case 3:
                BitConverter.TryWriteBytes(bytes.AsSpan(word), ulong.MaxValue);
                break;
            case 4:
                BitConverter.TryWriteBytes(bytes.AsSpan(word), 1UL << random.Next(64));
                break;
            case 5:
                BitConverter.TryWriteBytes(bytes.AsSpan(word), (ulong)random.Next(100));
                break;
            default:
                ulong target = addresses[random.Next(addresses.Count)] + (ulong)(random.Next(RecordingMemory.PageSize / 8) * 8);
                BitConverter.TryWriteBytes(bytes.AsSpan(word), target);
                break;
        }
    }
}
