namespace Kaa.Python.Semantics;

/// <summary>
/// <c>co_lnotab</c>: pairs of (bytes of code, lines). Objects/lnotab_notes.txt. Lines only grow in 2.7; since 3.6 they are signed
/// (bpo-26107), and 3.8 and 3.9 write the same form.
/// </summary>
internal sealed class LineNumberTable(bool signedLines) : ILineTable
{
    public static readonly LineNumberTable Unsigned = new(signedLines: false);
    public static readonly LineNumberTable Signed = new(signedLines: true);

    public CodeLocation Locate(ReadOnlySpan<byte> table, int firstLine, int offset)
    {
        int line = firstLine;
        int address = 0;
        for (int i = 0; i + 1 < table.Length; i += 2)
        {
            address += table[i];
            if (address > offset)
                break;
            line = unchecked(line + (signedLines ? (sbyte)table[i + 1] : table[i + 1]));
        }

        return new CodeLocation(line);
    }
}
