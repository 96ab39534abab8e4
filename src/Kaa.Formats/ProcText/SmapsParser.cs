namespace Kaa.Formats.ProcText;

/// <summary><c>/proc/PID/smaps</c>: for each range a line as in maps, then lines of <c>Key: N kB</c>, the last of them VmFlags.</summary>
public static class SmapsParser
{
    private const string Format = "/proc/PID/smaps";

    /// <exception cref="BadData">A line breaks the format, or there are more than <see cref="Limits.Mappings"/> ranges.</exception>
    public static List<RangeUsage> Parse(ReadOnlySpan<byte> text)
    {
        var ranges = new List<RangeUsage>();
        var reader = new ProcReader(Format, text);
        var names = new MappingNames();
        while (!reader.AtEnd)
        {
            if (reader.Rest[0] is >= (byte)'A' and <= (byte)'Z')
            {
                if (ranges.Count == 0)
                    throw reader.Bad("a range");
                ranges[^1] = Apply(ranges[^1], reader.Line());
            }
            else
            {
                if (ranges.Count >= Limits.Mappings)
                    throw reader.Bad($"at most {Limits.Mappings} ranges");
                ranges.Add(new RangeUsage(MapsParser.ParseLine(ref reader, ref names), 0, 0, 0, 0, RangeMarks.None));
            }
        }

        return WithoutRepeats(ranges);
    }

    private static RangeUsage Apply(RangeUsage range, ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0)
            return range;
        var value = new ProcReader(Format, line[(colon + 1)..]);
        value.SkipBlanks();
        ReadOnlySpan<byte> key = line[..colon];
        if (key.SequenceEqual("Rss"u8))
            return range with { Resident = Bytes(ref value) };
        if (key.SequenceEqual("Anonymous"u8))
            return range with { Anonymous = Bytes(ref value) };
        if (key.SequenceEqual("AnonHugePages"u8))
            return range with { AnonymousHuge = Bytes(ref value) };
        if (key.SequenceEqual("Swap"u8))
            return range with { Swapped = Bytes(ref value) };
        return key.SequenceEqual("VmFlags"u8) ? range with { Marks = Marks(value.Rest) } : range;
    }

    private static ulong Bytes(ref ProcReader value) => unchecked(value.Unsigned() * 1024);

    private static RangeMarks Marks(ReadOnlySpan<byte> flags)
    {
        RangeMarks marks = RangeMarks.None;
        while (flags.Length >= 2)
        {
            marks |= Mark(flags[0], flags[1]);
            flags = flags.Length > 3 ? flags[3..] : [];
        }

        return marks;
    }

    private static RangeMarks Mark(byte first, byte second) => ((char)first, (char)second) switch
    {
        ('d', 'c') => RangeMarks.DontFork,
        ('w', 'f') => RangeMarks.WipeOnFork,
        ('d', 'd') => RangeMarks.DontDump,
        ('i', 'o') or ('p', 'f') => RangeMarks.Device,
        ('u', 'm') or ('u', 'w') or ('u', 'i') => RangeMarks.UserFault,
        ('h', 't') => RangeMarks.HugePages,
        _ => RangeMarks.None,
    };

    /// <summary>Read in pieces while the program maps and unmaps, a range may come twice.</summary>
    private static List<RangeUsage> WithoutRepeats(List<RangeUsage> ranges)
    {
        ulong end = 0;
        var apart = new List<RangeUsage>(ranges.Count);
        foreach (RangeUsage range in ranges)
        {
            if (range.Mapping.Start.Value < end || range.Mapping.End <= range.Mapping.Start)
                continue;
            apart.Add(range);
            end = range.Mapping.End.Value;
        }

        return apart;
    }
}
