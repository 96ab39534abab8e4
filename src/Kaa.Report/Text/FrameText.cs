using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>Prints one frame: function and place, the line that runs, the locals.</summary>
internal sealed class FrameText(StyledWriter writer, IReadOnlySet<string> changedFiles)
{
    private const string UsualIndent = "  ";

    /// <summary>Many threads stand at the same place, and share its frame: its text is made once.</summary>
    private readonly Dictionary<PythonFrame, string> _texts = new(ReferenceEqualityComparer.Instance);

    /// <summary>Where a text that is kept is made; null while writing straight.</summary>
    private StyledWriter? _kept;

    private string Indent { get; set; } = UsualIndent;

    private StyledWriter Writer => _kept ?? writer;

    private string Deeper => Indent + "    ";

    /// <param name="indent">What stands in front of each line.</param>
    public void Write(StackFrame frame, string indent = UsualIndent)
    {
        Indent = indent;
        if (frame is PythonFrame { Locals: null } shared && indent == UsualIndent)
            writer.Text(TextOf(shared));
        else
            WriteAnew(frame);
    }

    private string TextOf(PythonFrame frame)
    {
        if (_texts.TryGetValue(frame, out string? known))
            return known;
        using var text = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        _kept = new StyledWriter(text, writer.Colour);
        WriteAnew(frame);
        _kept = null;
        return _texts[frame] = text.ToString();
    }

    private void WriteAnew(StackFrame frame)
    {
        Writer.Text(Indent);
        switch (frame)
        {
            case PythonFrame python:
                WritePython(python);
                break;
            case BuiltinFrame builtin:
                WriteBuiltin(builtin);
                break;
            case NativeFrame native:
                WriteNative(native);
                break;
        }
    }

    private void WritePython(PythonFrame frame)
    {
        Writer.Data(frame.QualifiedName ?? frame.Function ?? "<unknown function>", Tone.Function).Text("  ");
        WritePlace(frame.File, frame.Line);
        if (frame.File is not null && changedFiles.Contains(frame.File))
            Writer.Text("  (file changed since the start)", Tone.Faint);
        if (frame.Unreadable is { } reason)
            Writer.Text("  (").Data(reason).Text(")");
        Writer.Line();
        WriteSource(frame);
        foreach (LocalVariable local in frame.Locals ?? [])
            WriteLocal(local);
    }

    private void WritePlace(string? file, int? line)
    {
        Writer.Data(file ?? "<unknown file>", Tone.Path);
        if (line is { } number)
            Writer.Text(":").Text(number);
    }

    private void WriteSource(PythonFrame frame)
    {
        if (frame.Context.Count > 1)
            WriteContext(frame);
        else if (frame.Source is { Length: > 0 } source)
            WriteMarked(MarkedSource.Of(frame, source, frame.SourceIndent), Deeper);
    }

    private void WriteContext(PythonFrame frame)
    {
        int width = frame.Context[^1].Number.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        foreach (SourceLine line in frame.Context)
        {
            bool current = line.Number == frame.Line;
            string margin = $"{Indent}{(current ? "> " : "  ")}{line.Number.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(width)}  ";
            if (current)
                WriteMarked(MarkedSource.Of(frame, line.Text, 0), margin);
            else
                Writer.Text(margin, Tone.Faint).Text(MarkedSource.Of(new PythonFrame(null), line.Text, 0).Before, Tone.Faint).Line();
        }
    }

    private void WriteMarked(MarkedSource source, string margin)
    {
        Writer.Text(margin).Text(source.Before).Text(source.Marked, Tone.Marked).Text(source.After).Line();
        if (Writer.Colour || source.Marked.Length == 0)
            return;
        Writer.Text(new string(' ', margin.Length + Cells.Width(source.Before)));
        Writer.Text(new string('^', Math.Max(Cells.Width(source.Marked), 1))).Line();
    }

    private void WriteLocal(LocalVariable local)
    {
        Writer.Text(Deeper).Data(local.Name).Text(" = ");
        if (local.Value is { } value)
            Writer.Data(value);
        else
            Writer.Text("<unknown: ", Tone.Faint).Data(local.Unreadable ?? "not read", Tone.Faint).Text(">", Tone.Faint);
        if (local.Length is { } length)
            Writer.Text(" (cut, ", Tone.Faint).Text(length).Text(" characters in all)", Tone.Faint);
        if (local.Scope == VariableScope.Free)
            Writer.Text("  (free)", Tone.Faint);
        Writer.Line();
    }

    private void WriteBuiltin(BuiltinFrame frame)
    {
        string name = frame.QualifiedName ?? frame.Function ?? "<unknown function>";
        Writer.Data(frame.Module is { } module and not ("builtins" or "__builtin__") ? module + "." + name : name, Tone.Function).Text("  (builtin)").Line();
    }

    private void WriteNative(NativeFrame frame)
    {
        Writer.Data(frame.Function ?? "0x" + frame.Address.ToString("x", System.Globalization.CultureInfo.InvariantCulture), Tone.Function);
        Writer.Text("  ");
        if (frame.File is not null)
            WritePlace(frame.File, frame.Line);
        else
            Writer.Data(frame.Module ?? "<unknown module>", Tone.Path);
        Writer.Text(frame.Inlined ? "  (C, inlined)" : "  (C)").Line();
    }
}
