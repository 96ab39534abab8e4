using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Scripts;

/// <summary>Runs lines that nobody types: a file's, those of <c>-ex</c>.</summary>
public static class ScriptRunner
{
    /// <summary>The lines of a file; a mistake ends them.</summary>
    /// <exception cref="UserError">The file can't be read; or what the line that failed said, with its place.</exception>
    public static void RunFile(DebugSession session, string path)
    {
        path = path.Trim().Trim('"');
        if (path.StartsWith("-v ", StringComparison.Ordinal) || path.StartsWith("-s ", StringComparison.Ordinal))
            path = path[3..].Trim();
        if (path.Length == 0)
            throw new UserError("argument", "source command requires file name of file to source.");
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserError("no-such-file", $"{path}: No such file or directory.", "the path is one of this machine, not of the target's", exception);
        }

        if (path.EndsWith(".py", StringComparison.Ordinal))
            throw new UserError("no-python-inside", $"{path} is a Python script, and Kaa has no Python inside.", "the py-* words of libpython.py are built in");
        if (lines.Length > Limits.ScriptLines)
            throw new UserError("script", $"{path} has more than {Limits.ScriptLines} lines");
        Run(session, lines, path);
    }

    /// <param name="path">For messages; null for lines of no file.</param>
    public static void Run(DebugSession session, IEnumerable<string> lines, string? path)
    {
        ILineSource? before = session.Input;
        using var source = new ScriptLines(lines);
        if (++session.ScriptDepth > Limits.ScriptDepth)
            throw new UserError("script", "scripts that run one another without end");
        session.Input = source;
        try
        {
            while (!session.HasEnded && source.ReadLine("") is { } line)
            {
                session.Options.ThrowIfInterrupted();
                RunLine(session, line, path, source);
            }
        }
        finally
        {
            session.ScriptDepth--;
            session.Input = before;
        }
    }

    private static void RunLine(DebugSession session, string line, string? path, ScriptLines source)
    {
        int number = source.Number;
        try
        {
            session.Execute(line);
        }
        catch (UserError error) when (path is not null && !error.Message.Contains(": Error in sourced command file", StringComparison.Ordinal))
        {
            throw new UserError(error.Code, $"{path}:{number}: Error in sourced command file:\n{error.Message}", error.Hint, error);
        }
    }
}
