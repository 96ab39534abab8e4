using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Source;

/// <summary>
/// Puts lines of source into frames that were read. Works on files only, so it is called after the target was let go. Notes
/// say which files are missing, or changed since the process started.
/// </summary>
public sealed class SourceFinder(ITargetFiles files, double? startedAt) : IDisposable
{
    /// <summary>A process's start is known to a second only: /proc/stat gives the time of boot in whole ones.</summary>
    private const double StartIsKnownTo = 1.0;

    private readonly SourceFiles _files = new(files);
    private readonly Dictionary<string, SourceText?> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string File, int Line), SourceExcerpt?> _excerpts = [];
    private readonly Dictionary<PythonFrame, PythonFrame> _frames = new(ReferenceEqualityComparer.Instance);
    private readonly List<Note> _notes = [];
    private int _framesLines;

    /// <summary>One at most of a kind for a file.</summary>
    public IReadOnlyList<Note> Notes => _notes;

    /// <param name="lines">How many lines around and with the frame's own; 0 for none.</param>
    public ThreadStack AddTo(ThreadStack thread, int lines)
    {
        return lines <= 0 ? thread : thread with { Frames = AddTo(thread.Frames, lines) };
    }

    /// <summary>The same for tasks.</summary>
    public TaskReport AddTo(TaskReport tasks, int lines)
    {
        if (lines <= 0)
            return tasks;
        var with = new TaskStack[tasks.Tasks.Count];
        for (int i = 0; i < with.Length; i++)
            with[i] = tasks.Tasks[i] with { Frames = AddTo(tasks.Tasks[i].Frames, lines) };
        return tasks with { Tasks = with };
    }

    private StackFrame[] AddTo(IReadOnlyList<StackFrame> stack, int lines)
    {
        var frames = new StackFrame[stack.Count];
        for (int i = 0; i < frames.Length; i++)
            frames[i] = stack[i] is PythonFrame python ? Shared(python, lines) : stack[i];
        return frames;
    }

    /// <summary>A frame that many stacks share stays one.</summary>
    private PythonFrame Shared(PythonFrame frame, int lines)
    {
        if (frame.Locals is not null)
            return AddTo(frame, lines);
        if (_framesLines != lines)
            _frames.Clear();
        _framesLines = lines;
        ref PythonFrame? known = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_frames, frame, out _);
        return known ??= AddTo(frame, lines);
    }

    public PythonFrame AddTo(PythonFrame frame, int lines)
    {
        if (lines <= 0 || frame.File is not { } file || frame.Line is not { } line)
            return frame;
        if (!_excerpts.TryGetValue((file, line), out SourceExcerpt? excerpt))
            _excerpts[(file, line)] = excerpt = Text(file) is { } text ? SourceExcerpt.Of(text, line, lines) : null;
        return excerpt is null ? frame : frame with { Source = excerpt.Line, SourceIndent = excerpt.Indent, Context = excerpt.Context };
    }

    public void Dispose() => _files.Dispose();

    /// <summary>The whole of a file as code objects name it; null where it can't be read.</summary>
    public SourceText? Text(string file)
    {
        if (!_texts.TryGetValue(file, out SourceText? text))
            _texts[file] = text = IsFile(file) ? Load(file) : null;
        return text;
    }

    /// <summary><c>&lt;string&gt;</c>, <c>&lt;stdin&gt;</c>, <c>&lt;frozen importlib._bootstrap&gt;</c>: code that has no file.</summary>
    private static bool IsFile(string file) => file.Length > 0 && !(file[0] == '<' && file[^1] == '>') && !file.Contains('\0');

    private SourceText? Load(string file)
    {
        string? path = Absolute(file);
        double? modified = null;
        byte[]? bytes = path is null ? null : _files.Read(path, out modified);
        if (bytes is null)
        {
            _notes.Add(new Note(NoteCodes.SourceGone, $"the source of {file} can't be read in the target's file system", file));
            return null;
        }

        if (modified > startedAt + StartIsKnownTo)
            _notes.Add(new Note(NoteCodes.SourceChanged, $"{file} was changed after the process started: lines may not be those that run", file));
        return new SourceText(bytes);
    }

    private string? Absolute(string file)
    {
        if (file[0] == '/')
            return file;
        if (files.WorkingDirectory is not { } directory)
            return null;
        _notes.Add(new Note(NoteCodes.SourceRelative, $"{file} is a relative name, taken from the process's current directory {directory}", file));
        return directory.TrimEnd('/') + "/" + file;
    }
}
