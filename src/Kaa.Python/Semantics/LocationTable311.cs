namespace Kaa.Python.Semantics;

/// <summary>
/// <c>co_linetable</c> since 3.11: for each run of up to 8 code units a form, and what that form needs of lines and columns.
/// Objects/locations.md (InternalDocs/code_objects.md since 3.14), PEP 657.
/// </summary>
internal sealed class LocationTable311 : ILineTable
{
    public static readonly LocationTable311 Instance = new();

    private const int OneLineFirst = 10;
    private const int OneLineLast = 12;
    private const int NoColumns = 13;
    private const int Long = 14;
    private const int None = 15;
    private const int CodeUnit = 2;

    public CodeLocation Locate(ReadOnlySpan<byte> table, int firstLine, int offset)
    {
        if (offset < 0)
            return new CodeLocation(firstLine);
        int line = firstLine;
        int end = 0;
        int at = 0;
        while (at < table.Length)
        {
            byte first = table[at++];
            if (!TryEntry(table, ref at, (first >> 3) & 15, ref line, out CodeLocation location))
                return default;
            end += ((first & 7) + 1) * CodeUnit;
            if (end > offset)
                return location.Line < 0 ? default : location;
        }

        return default;
    }

    private static bool TryEntry(ReadOnlySpan<byte> table, ref int at, int form, ref int line, out CodeLocation location)
    {
        location = default;
        switch (form)
        {
            case None:
                return true;
            case Long:
                return TryLong(table, ref at, ref line, out location);
            case NoColumns:
                if (!TryVarint(table, ref at, out uint delta))
                    return false;
                line = unchecked(line + Signed(delta));
                location = new CodeLocation(line, line);
                return true;
            case >= OneLineFirst and <= OneLineLast:
                if (at + 2 > table.Length)
                    return false;
                line = unchecked(line + form - OneLineFirst);
                location = new CodeLocation(line, line, table[at], table[at + 1]);
                at += 2;
                return true;
            default:
                if (at >= table.Length)
                    return false;
                byte columns = table[at++];
                int column = (form << 3) | (columns >> 4);
                location = new CodeLocation(line, line, column, column + (columns & 15));
                return true;
        }
    }

    private static bool TryLong(ReadOnlySpan<byte> table, ref int at, ref int line, out CodeLocation location)
    {
        location = default;
        if (!TryVarint(table, ref at, out uint delta) || !TryVarint(table, ref at, out uint lines)
            || !TryVarint(table, ref at, out uint column) || !TryVarint(table, ref at, out uint endColumn))
        {
            return false;
        }

        line = unchecked(line + Signed(delta));
        // A column is written one higher than it is, so that 0 can say that there is none.
        location = new CodeLocation(line, unchecked(line + (int)lines), Column(column), Column(endColumn));
        return true;
    }

    private static int? Column(uint written) => written == 0 ? null : unchecked((int)(written - 1));

    private static int Signed(uint value) => (value & 1) != 0 ? -(int)(value >> 1) : (int)(value >> 1);

    /// <summary>Six bits a byte, lowest first; bit 6 says that another follows.</summary>
    private static bool TryVarint(ReadOnlySpan<byte> table, ref int at, out uint value)
    {
        value = 0;
        for (int shift = 0; shift < 32 && at < table.Length; shift += 6)
        {
            byte next = table[at++];
            value |= (uint)(next & 63) << shift;
            if ((next & 64) == 0)
                return true;
        }

        return false;
    }
}
