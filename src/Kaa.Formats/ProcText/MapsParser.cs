namespace Kaa.Formats.ProcText;

/// <summary>
/// <c>/proc/PID/maps</c> (proc_pid_maps(5)). Two things it can't tell apart, because the kernel does not either (fs/d_path.c and
/// seq_path(m, path, "\n")): a file whose name really ends in <c> (deleted)</c> looks like a deleted one, and one whose name has
/// a backslash and three octal digits looks like one with that character, since a backslash itself is not escaped.
/// </summary>
public static class MapsParser
{
    private const string Format = "/proc/PID/maps";

    /// <summary>The mappings in order of address.</summary>
    /// <exception cref="BadData">A line breaks the format, ranges overlap, or there are more than <see cref="Limits.Mappings"/>.</exception>
    public static List<Mapping> Parse(ReadOnlySpan<byte> text)
    {
        var mappings = new List<Mapping>(Math.Min(text.Length / 80, 4096));
        var reader = new ProcReader(Format, text);
        var names = new MappingNames();
        ulong previousEnd = 0;
        while (!reader.AtEnd)
        {
            if (mappings.Count >= Limits.Mappings)
                throw new BadData(Format, reader.Position, $"more than {Limits.Mappings} lines");
            int line = reader.Position;
            Mapping mapping = ParseLine(ref reader, ref names);

            // The kernel promises that addresses never go backwards, even when the list changes while it is read
            // (Documentation/filesystems/proc.rst); searching relies on it.
            if (mapping.Start.Value < previousEnd || mapping.End <= mapping.Start)
                throw new BadData(Format, line, "ranges must ascend");
            previousEnd = mapping.End.Value;
            mappings.Add(mapping);
        }

        return mappings;
    }

    private static Mapping ParseLine(ref ProcReader reader, ref MappingNames names)
    {
        ulong start = reader.Hex();
        reader.Expect((byte)'-');
        ulong end = reader.Hex();
        reader.Expect((byte)' ');
        MappingAccess access = ParseAccess(ref reader);
        reader.Expect((byte)' ');
        ulong offset = reader.Hex();
        reader.Expect((byte)' ');
        ulong device = reader.Hex() << 20;
        reader.Expect((byte)':');
        device |= reader.Hex();
        reader.Expect((byte)' ');
        ulong inode = reader.Unsigned();
        reader.SkipBlanks();
        (string path, bool deleted) = names.Read(reader.Line());
        return new Mapping(new Address(start), new Address(end), access, offset, device, inode, path, deleted);
    }

    private static MappingAccess ParseAccess(ref ProcReader reader)
    {
        MappingAccess access = Flag(ref reader, (byte)'r', MappingAccess.Read);
        access |= Flag(ref reader, (byte)'w', MappingAccess.Write);
        access |= Flag(ref reader, (byte)'x', MappingAccess.Execute);
        return reader.Byte() switch
        {
            (byte)'p' => access,
            (byte)'s' => access | MappingAccess.Shared,
            _ => throw reader.Bad("'p' or 's' in front"),
        };
    }

    private static MappingAccess Flag(ref ProcReader reader, byte letter, MappingAccess flag)
    {
        byte found = reader.Byte();
        return found == letter ? flag : found == (byte)'-' ? MappingAccess.None : throw reader.Bad($"'{(char)letter}' or '-' in front");
    }
}
