using System.Text;
using Kaa.Results;

namespace Kaa.Python.Source;

/// <param name="Line">The line that runs, without indentation.</param>
/// <param name="Indent">Bytes of UTF-8 that were cut in front of it.</param>
/// <param name="Context">Lines around it; empty where only one was asked for.</param>
internal sealed record SourceExcerpt(string Line, int Indent, IReadOnlyList<SourceLine> Context)
{
    private const string Blank = " \t\f";

    /// <summary>Null where the file has no such line.</summary>
    public static SourceExcerpt? Of(SourceText text, int line, int lines)
    {
        if (text.Line(line) is not { } whole)
            return null;
        string trimmed = whole.TrimStart(Blank.ToCharArray());
        int indent = Encoding.UTF8.GetByteCount(whole.AsSpan(0, whole.Length - trimmed.Length));
        return new SourceExcerpt(trimmed.TrimEnd(), indent, lines > 1 ? Around(text, line, lines) : []);
    }

    /// <summary>The middle one of <paramref name="lines"/> is the line that runs; with an even number one more stands before it.</summary>
    private static List<SourceLine> Around(SourceText text, int line, int lines)
    {
        int first = Math.Max(1, line - (lines / 2));
        var result = new List<SourceLine>();
        for (int number = first; number < first + lines; number++)
        {
            if (text.Line(number) is { } found)
                result.Add(new SourceLine(number, found.TrimEnd()));
        }

        return result;
    }
}
