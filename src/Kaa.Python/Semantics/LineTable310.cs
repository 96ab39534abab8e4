namespace Kaa.Python.Semantics;

/// <summary>
/// <c>co_linetable</c> of 3.10: pairs of (bytes of code, signed lines), where −128 says that the code belongs to no line.
/// PEP 626, Objects/lnotab_notes.txt at v3.10.0.
/// </summary>
internal sealed class LineTable310 : ILineTable
{
    public static readonly LineTable310 Instance = new();

    private const sbyte NoLine = -128;

    public CodeLocation Locate(ReadOnlySpan<byte> table, int firstLine, int offset)
    {
        if (offset < 0)
            return new CodeLocation(firstLine);
        int line = firstLine;
        int end = 0;
        for (int i = 0; i + 1 < table.Length; i += 2)
        {
            end += table[i];
            sbyte delta = unchecked((sbyte)table[i + 1]);
            if (delta != NoLine)
                line = unchecked(line + delta);
            if (end > offset)
                return new CodeLocation(delta == NoLine || line < 0 ? null : line);
        }

        return default;
    }
}
