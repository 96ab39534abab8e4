using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;

namespace Kaa.Target.Cores;

/// <summary>A range of the process's memory that the core has a header for.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
/// <param name="DumpedEnd">Up to where its bytes are in the core.</param>
/// <param name="PromisedEnd">Up to where they would be, were the file whole.</param>
/// <param name="Offset">In the core, of <paramref name="Start"/>.</param>
internal readonly record struct DumpedRange(
    Address Start, Address End, Address DumpedEnd, Address PromisedEnd, ulong Offset, ElfSegmentFlags Flags);

/// <summary>What the core itself holds of the process's memory: its PT_LOAD segments, as far as the file goes.</summary>
internal sealed class DumpedMemory : IMemory
{
    private readonly CoreFile _core;
    private readonly DumpedRange[] _ranges;

    public DumpedMemory(CoreFile core)
    {
        _core = core;
        var ranges = new List<DumpedRange>();
        foreach (ElfProgramHeader header in core.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.Load && header.MemorySize > 0 && header.MemorySize <= ulong.MaxValue - header.VirtualAddress)
                ranges.Add(Range(header, core.Length));
        }

        ranges.Sort((left, right) => left.Start.CompareTo(right.Start));
        _ranges = WithoutOverlaps(ranges);
    }

    /// <summary>In order of address, apart from each other.</summary>
    public IReadOnlyList<DumpedRange> Ranges => _ranges;

    public int Read(Address address, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length && ulong.MaxValue - address.Value >= (ulong)done)
        {
            Address place = address + done;
            if (Find(place) is not { } range || place >= range.DumpedEnd)
                break;
            int wanted = (int)Math.Min((ulong)(buffer.Length - done), (ulong)(range.DumpedEnd - place));
            int got = ReadFile(range, place, buffer.Slice(done, wanted));
            done += got;
            if (got < wanted)
                break;
        }

        return done;
    }

    public DumpedRange? Find(Address address)
    {
        int index = IndexBehind(address) - 1;
        return index >= 0 && address < _ranges[index].End ? _ranges[index] : null;
    }

    /// <summary>Of the first range that begins behind an address; as many as there are where none does.</summary>
    public int IndexBehind(Address address) => BinarySearch.CountFirst(_ranges, address, static (range, at) => range.Start <= at);

    private int ReadFile(in DumpedRange range, Address place, Span<byte> buffer)
    {
        try
        {
            return _core.Read(range.Offset + (ulong)(place - range.Start), buffer);
        }
        catch (BadData)
        {
            // The disk fails: as if it were not there.
            return 0;
        }
    }

    private static DumpedRange Range(ElfProgramHeader header, ulong fileLength)
    {
        ulong promised = Math.Min(header.FileSize, header.MemorySize);
        ulong available = header.Offset >= fileLength ? 0 : Math.Min(promised, fileLength - header.Offset);
        var start = new Address(header.VirtualAddress);
        return new DumpedRange(start, start + header.MemorySize, start + available, start + promised, header.Offset, header.Flags);
    }

    /// <summary>No kernel writes ranges that overlap; where a file has some, the first counts.</summary>
    private static DumpedRange[] WithoutOverlaps(List<DumpedRange> sorted)
    {
        var ranges = new List<DumpedRange>(sorted.Count);
        Address end = Address.Null;
        foreach (DumpedRange range in sorted)
        {
            if (range.Start < end)
                continue;
            ranges.Add(range);
            end = range.End;
        }

        return [.. ranges];
    }
}
