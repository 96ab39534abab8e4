namespace Kaa.Python.Objects.Printing;

/// <summary>
/// <c>str.isprintable()</c> of one character as that version's Unicode database has it: every category but Other and Separator
/// (Tools/unicode/makeunicodedata.py). A character that came later is escaped.
/// </summary>
internal static class UnicodePrintable
{
    public static bool Is(int point, PythonVersion version)
    {
        ReadOnlySpan<uint> runs = UnicodePrintableTable.Runs;
        int low = 0;
        int high = runs.Length;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (runs[middle] >> 4 <= (uint)point)
                low = middle;
            else
                high = middle;
        }

        uint since = runs[low] & 0xf;
        return since != 0 && since <= Database(version);
    }

    /// <summary>The database's place in the table, from 1 on.</summary>
    private static uint Database(PythonVersion version) => version.Minor switch
    {
        <= 6 => 1, // Unicode 9.0
        7 => 2, // 11.0
        8 => 3, // 12.1
        9 or 10 => 4, // 13.0
        11 => 5, // 14.0
        12 => 6, // 15.0
        13 => 7, // 15.1
        14 => 8, // 16.0
        _ => 9, // 17.0
    };
}
