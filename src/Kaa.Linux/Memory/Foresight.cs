using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Memory;

/// <summary>
/// What a walk over memory has read, so that the next one of the same kind can be given all of it by one call of the kernel. A thread's stack lies
/// mostly where it lay at its last hit. Serves one thread of the target.
/// </summary>
public sealed class Foresight
{
    private const int MostRanges = 512;
    private const int MostBytes = 128 << 10;

    /// <summary>Two ranges that are closer than this are read as one: a range costs as much as some hundred bytes.</summary>
    private const int Gap = 192;
    private const ulong PageMask = ~0xfffUL;

    private List<ForeseenRange> _read = [];
    private List<ForeseenRange> _before = [];

    /// <summary>Sorted, without overlaps.</summary>
    internal List<ForeseenRange> Ranges { get; } = [];

    internal int TotalLength { get; private set; }

    internal void Note(Address address, int length)
    {
        if (_read.Count < MostRanges)
            _read.Add(new ForeseenRange(address.Value, length));
    }

    /// <summary>What was noted is what is expected next.</summary>
    internal void Turn()
    {
        if (_read.Count > 0 && !IsSame(_read, _before))
        {
            (_before, _read) = (_read, _before);
            Merge();
        }

        _read.Clear();
    }

    private static bool IsSame(List<ForeseenRange> left, List<ForeseenRange> right)
    {
        if (left.Count != right.Count)
            return false;
        for (int i = 0; i < left.Count; i++)
        {
            if (left[i].Start != right[i].Start || left[i].Length != right[i].Length)
                return false;
        }

        return true;
    }

    private void Merge()
    {
        Ranges.Clear();
        Ranges.AddRange(_before);
        Ranges.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        int kept = 0;
        TotalLength = 0;
        for (int i = 0; i < Ranges.Count; i++)
        {
            ForeseenRange range = Ranges[i];
            ForeseenRange last = kept > 0 ? Ranges[kept - 1] : default;
            if (kept > 0 && range.End <= last.End)
                continue;

            // Never over the border of a page that nobody asked for: it may not be there.
            bool isNear = kept > 0 && range.Start <= last.End + Gap && (range.Start <= last.End || ((range.Start ^ (last.End - 1)) & PageMask) == 0);
            if (isNear)
            {
                TotalLength += (int)(range.End - last.End);
                Ranges[kept - 1] = new ForeseenRange(last.Start, (int)(range.End - last.Start));
            }
            else if (TotalLength + range.Length <= MostBytes)
            {
                TotalLength += range.Length;
                Ranges[kept++] = range;
            }
        }

        Ranges.RemoveRange(kept, Ranges.Count - kept);
    }
}

internal readonly record struct ForeseenRange(ulong Start, int Length)
{
    public ulong End => Start + (ulong)Length;
}

/// <summary>Memory of a live process that is read in walks: what a walk is foreseen to need is there after one call, what it needs beside that costs one call each.</summary>
public sealed unsafe class ForesightMemory(LiveMemory memory) : IMemory
{
    private byte[] _bytes = new byte[16 << 10];
    private IoVector[] _vectors = new IoVector[64];
    private int[] _starts = new int[64];
    private Foresight _foresight = new();
    private int _valid;

    /// <summary>Begins a walk. What the walk before it read is not believed any more.</summary>
    public void Begin(Foresight foresight)
    {
        _foresight = foresight;
        foresight.Turn();
        Fetch(foresight.Ranges, foresight.TotalLength);
    }

    public int Read(Address address, Span<byte> buffer)
    {
        int got = buffer.Length;
        if (!TryCopy(address.Value, buffer))
            got = memory.Read(address, buffer);
        if (got == buffer.Length && got > 0)
            _foresight.Note(address, got);
        return got;
    }

    private void Fetch(List<ForeseenRange> ranges, int total)
    {
        _valid = 0;
        if (ranges.Count == 0)
            return;
        if (_vectors.Length < ranges.Count)
        {
            _vectors = new IoVector[ranges.Count * 2];
            _starts = new int[ranges.Count * 2];
        }

        if (_bytes.Length < total)
            _bytes = new byte[total * 2];
        int offset = 0;
        for (int i = 0; i < ranges.Count; i++)
        {
            _vectors[i] = new IoVector { Base = ranges[i].Start, Length = (nuint)ranges[i].Length };
            _starts[i] = offset;
            offset += ranges[i].Length;
        }

        // It ends at the first range that is not there: those behind are read when they are needed.
        int got = memory.ReadMany(_vectors.AsSpan(0, ranges.Count), _bytes.AsSpan(0, total));
        while (_valid < ranges.Count && _starts[_valid] + ranges[_valid].Length <= got)
            _valid++;
    }

    private bool TryCopy(ulong start, Span<byte> buffer)
    {
        List<ForeseenRange> ranges = _foresight.Ranges;
        int low = 0;
        int high = _valid - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            ForeseenRange range = ranges[middle];
            if (start < range.Start)
                high = middle - 1;
            else if (start >= range.End)
                low = middle + 1;
            else if (range.End - start < (ulong)buffer.Length)
                return false;
            else
            {
                _bytes.AsSpan(_starts[middle] + (int)(start - range.Start), buffer.Length).CopyTo(buffer);
                return true;
            }
        }

        return false;
    }
}
