using Kaa.Linux.Processes;

namespace Kaa.Cli.Terminal;

/// <summary>The lines that were typed, kept in a file that only its owner reads; without one where it can't be read or written.</summary>
internal sealed class LineHistory
{
    private const int Most = 1000;
    private const long LargestFile = 4 << 20;

    private readonly string? _path;
    private readonly List<string> _lines = [];

    private LineHistory(string? path) => _path = path;

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>~/.local/state/kaa/history (XDG_STATE_HOME where that is set).</summary>
    public static LineHistory Open()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } given && given[0] == '/'
            ? given
            : HomeDirectory.Find() is { } home ? Path.Combine(home, ".local", "state") : null;
        return Open(state is null ? null : Path.Combine(state, "kaa", "history"));
    }

    public static LineHistory Open(string? path)
    {
        var history = new LineHistory(path);
        try
        {
            if (path is not null && new FileInfo(path) is { Exists: true, Length: < LargestFile })
                history._lines.AddRange(File.ReadAllLines(path).TakeLast(Most));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As if there were none.
        }

        return history;
    }

    /// <summary>Not twice in a row, and nothing that begins with a blank.</summary>
    public void Add(string line)
    {
        if (line.Trim().Length == 0 || line[0] == ' ' || (_lines.Count > 0 && _lines[^1] == line))
            return;
        _lines.Add(line);
        if (_lines.Count > Most)
            _lines.RemoveAt(0);
    }

    public void Save()
    {
        // The analyser knows by this that modes of files are there.
        if (_path is null || OperatingSystem.IsWindows())
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string fresh = _path + ".new";
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (var writer = new StreamWriter(fresh, options))
            {
                foreach (string line in _lines)
                    writer.Write(line + "\n");
            }

            File.Move(fresh, _path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A home that can't be written to: the lines are lost.
        }
    }
}
