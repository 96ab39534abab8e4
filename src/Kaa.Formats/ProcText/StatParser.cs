namespace Kaa.Formats.ProcText;

/// <summary><c>/proc/PID/stat</c>. The name may hold blanks, parentheses and newlines, so it ends at the last parenthesis.</summary>
public static class StatParser
{
    private const string Format = "/proc/PID/stat";

    /// <summary>Fields from the third on, counted as proc_pid_stat(5) counts them; later ones are not needed.</summary>
    private const int LastField = 39;

    /// <exception cref="BadData">The text breaks the format.</exception>
    public static ProcessStat Parse(ReadOnlySpan<byte> text)
    {
        var reader = new ProcReader(Format, text);
        int pid = reader.Int32();
        reader.Expect(" ("u8);
        int nameLength = reader.Rest.LastIndexOf((byte)')');
        if (nameLength < 0)
            throw reader.Bad("a name in parentheses");
        string name = ProcReader.Decode(reader.Rest[..nameLength]);

        reader = new ProcReader(Format, reader.Rest[(nameLength + 1)..]);
        reader.Expect((byte)' ');
        char state = (char)reader.Byte();
        Span<ulong> fields = stackalloc ulong[LastField + 1];
        fields.Clear();
        int count = ReadFields(ref reader, fields);
        return count < 22 ? throw reader.Bad("at least 22 fields") : Build(pid, name, state, fields);
    }

    private static int ReadFields(ref ProcReader reader, scoped Span<ulong> fields)
    {
        int field = 4;
        for (; field <= LastField && reader.Rest is [(byte)' ', ..]; field++)
        {
            reader.Expect((byte)' ');
            bool negative = reader.Rest is [(byte)'-', ..];
            fields[field] = negative ? unchecked((ulong)reader.Signed()) : reader.Unsigned();
        }

        return field - 1;
    }

    private static ProcessStat Build(int pid, string name, char state, ReadOnlySpan<ulong> fields) => unchecked(new ProcessStat
    {
        Pid = pid,
        Name = name,
        State = state,
        ParentPid = (int)fields[4],
        ProcessGroup = (int)fields[5],
        Session = (int)fields[6],
        Flags = (uint)fields[9],
        UserTime = fields[14],
        SystemTime = fields[15],
        Threads = (int)fields[20],
        StartTime = fields[22],
        VirtualSize = fields[23],
        ResidentPages = (long)fields[24],
        ExitSignal = (int)fields[38],
        Processor = (int)fields[39],
    });
}
