namespace Kaa.Control.Debugging;

/// <summary>Where the session's lines come from: a terminal, a script.</summary>
public interface ILineSource
{
    /// <summary>The next line, without its end; null at the end.</summary>
    /// <param name="prompt">Shown where a person types.</param>
    string? ReadLine(string prompt);

    /// <summary>A person types: an empty line repeats the last command, an error does not end it.</summary>
    bool IsInteractive { get; }
}

/// <summary>Lines of a file, or of <c>-ex</c>.</summary>
public sealed class ScriptLines(IEnumerable<string> lines) : ILineSource, IDisposable
{
    private readonly IEnumerator<string> _lines = lines.GetEnumerator();

    public bool IsInteractive => false;

    /// <summary>Of the line that was read last, from 1.</summary>
    public int Number { get; private set; }

    public string? ReadLine(string prompt)
    {
        if (!_lines.MoveNext())
            return null;
        Number++;
        return _lines.Current;
    }

    public void Dispose() => _lines.Dispose();
}
