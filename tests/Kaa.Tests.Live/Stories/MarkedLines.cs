using System.Globalization;

namespace Kaa.Tests.Live.Stories;

/// <summary>Lines of a source file, by what a comment on them says.</summary>
internal sealed class MarkedLines(string file)
{
    private readonly string[] _lines = File.ReadAllLines(file);

    public int Number(string comment)
    {
        int index = Array.FindIndex(_lines, line => line.Contains("# " + comment, StringComparison.Ordinal) || line.Contains("/* " + comment, StringComparison.Ordinal));
        return index >= 0 ? index + 1 : throw new ArgumentException($"{file} has no line that is marked with '{comment}'");
    }

    public string Text(string comment) => Number(comment).ToString(CultureInfo.InvariantCulture);
}
