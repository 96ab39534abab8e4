using Kaa.Formats;

namespace Kaa.Control.Memory;

/// <summary>Memory that is read once and then known for good: that of types, which do not change, and are asked for when the process is gone too.</summary>
internal sealed class KeptMemory(Func<IMemory> live) : IMemory
{
    private const int PageSize = 4096;
    private const int MostPages = 4096;

    private readonly Dictionary<ulong, byte[]> _pages = [];

    public int Read(Address address, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            ulong at = unchecked(address.Value + (ulong)done);
            ulong page = at & ~(ulong)(PageSize - 1);
            byte[] bytes = Find(page);
            int within = (int)(at - page);
            int count = Math.Min(bytes.Length - within, buffer.Length - done);
            if (count <= 0)
                break;
            bytes.AsSpan(within, count).CopyTo(buffer[done..]);
            done += count;
        }

        return done;
    }

    private int Read(ulong page, byte[] bytes)
    {
        try
        {
            return live().Read(new Address(page), bytes);
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Gone)
        {
            return 0;
        }
    }

    private byte[] Find(ulong page)
    {
        if (_pages.TryGetValue(page, out byte[]? known))
            return known;
        byte[] bytes = new byte[PageSize];
        int got = Read(page, bytes);
        if (got < PageSize)
            return bytes[..got];
        if (_pages.Count < MostPages)
            _pages.Add(page, bytes);
        return bytes;
    }
}
