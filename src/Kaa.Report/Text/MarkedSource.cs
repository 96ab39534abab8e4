using System.Text;
using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>A line of source in three parts, the middle one being what runs now. Parts are ready for a terminal.</summary>
internal readonly record struct MarkedSource(string Before, string Marked, string After)
{
    private const int TabStop = 8;

    /// <param name="line">One line of source.</param>
    /// <param name="cut">Bytes of UTF-8 that are missing in front of <paramref name="line"/>.</param>
    public static MarkedSource Of(PythonFrame frame, string line, int cut)
    {
        (int start, int end) = MarkedRange(frame, line, cut);
        int column = 0;
        string before = Show(line.AsSpan(0, start), ref column);
        string marked = Show(line.AsSpan(start, end - start), ref column);
        return new MarkedSource(before, marked, Show(line.AsSpan(end), ref column));
    }

    /// <summary>Which characters run; an empty range where that is not known, or where it is the whole line and so says nothing.</summary>
    private static (int Start, int End) MarkedRange(PythonFrame frame, string line, int cut)
    {
        if (frame.Column is not { } column || frame.EndColumn is not { } endColumn)
            return (line.Length, line.Length);
        int start = CharacterAt(line, column - cut);
        int end = frame.EndLine > frame.Line ? line.AsSpan().TrimEnd().Length : CharacterAt(line, endColumn - cut);
        bool tells = start < end && line.AsSpan(start, end - start).Trim().Length < line.AsSpan().Trim().Length;
        return tells ? (start, end) : (line.Length, line.Length);
    }

    private static int CharacterAt(string line, int bytes)
    {
        if (Ascii.IsValid(line))
            return Math.Clamp(bytes, 0, line.Length);
        int at = 0;
        while (at < line.Length && bytes > 0)
        {
            int used = Rune.DecodeFromUtf16(line.AsSpan(at), out Rune rune, out int length) == System.Buffers.OperationStatus.Done
                ? rune.Utf8SequenceLength
                : 3;
            bytes -= used;
            at += length;
        }

        return at;
    }

    private static string Show(ReadOnlySpan<char> part, ref int column)
    {
        if (part.IndexOf('\t') < 0)
        {
            string whole = Printable.Escape(part.ToString());
            column += Cells.Width(whole);
            return whole;
        }

        var result = new StringBuilder(part.Length + TabStop);
        foreach (Range piece in part.Split('\t'))
        {
            if (result.Length > 0 || piece.Start.Value > 0)
            {
                int spaces = TabStop - (column % TabStop);
                result.Append(' ', spaces);
                column += spaces;
            }

            string text = Printable.Escape(part[piece].ToString());
            result.Append(text);
            column += Cells.Width(text);
        }

        return result.ToString();
    }
}
