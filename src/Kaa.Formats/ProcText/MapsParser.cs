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
    /// <remarks>
    /// The kernel gives the text piece by piece. A mapping that grew downwards or was joined with its neighbour between two pieces comes again,
    /// or overlaps the one before it (Documentation/filesystems/proc.rst promises no more than that addresses do not go backwards): what is new
    /// of it counts.
    /// </remarks>
    /// <exception cref="BadData">A line breaks the format, a range is empty, or there are more than <see cref="Limits.Mappings"/>.</exception>
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

            if (mapping.End <= mapping.Start)
                throw new BadData(Format, line, "an empty range");
            if (mapping.End.Value <= previousEnd)
                continue;
            mappings.Add(mapping.Start.Value < previousEnd ? From(mapping, previousEnd) : mapping);
            previousEnd = mapping.End.Value;
        }

        return mappings;
    }

    private static Mapping From(Mapping mapping, ulong start) => mapping with
    {
        Start = new Address(start),
        Offset = mapping.IsFile ? mapping.Offset + (start - mapping.Start.Value) : mapping.Offset,
    };

    internal static Mapping ParseLine(ref ProcReader reader, ref MappingNames names)
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
