using Kaa.Formats;

namespace Kaa.Tests.Unit;

/// <summary>Hand-made target memory: segments of bytes at addresses, holes between them.</summary>
public sealed class FakeMemory : IMemory
{
    private readonly SortedList<ulong, byte[]> _segments = [];

    /// <summary>How many reads were asked for.</summary>
    public int Reads { get; private set; }

    public FakeMemory Add(Address address, byte[] bytes)
    {
        _segments[address.Value] = bytes;
        return this;
    }

    public FakeMemory Add(ulong address, params byte[] bytes) => Add(new Address(address), bytes);

    public int Read(Address address, Span<byte> buffer)
    {
        Reads++;
        int done = 0;
        while (done < buffer.Length && Find(address.Value + (ulong)done) is { } place)
        {
            ReadOnlySpan<byte> rest = place.Bytes.AsSpan(place.Offset);
            int count = Math.Min(rest.Length, buffer.Length - done);
            rest[..count].CopyTo(buffer[done..]);
            done += count;
        }

        return done;
    }

    private (byte[] Bytes, int Offset)? Find(ulong address)
    {
        foreach ((ulong start, byte[] bytes) in _segments)
        {
            if (address >= start && address - start < (ulong)bytes.Length)
                return (bytes, (int)(address - start));
        }

        return null;
    }
}
