using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>Prints one frame: function and place, the line that runs, the locals.</summary>
internal sealed class FrameText(StyledWriter writer, IReadOnlySet<string> changedFiles)
{
    private string Indent { get; set; } = "  ";

    private string Deeper => Indent + "    ";

    /// <param name="indent">What stands in front of each line.</param>
    public void Write(StackFrame frame, string indent = "  ")
    {
        Indent = indent;
        writer.Text(Indent);
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
        writer.Data(frame.QualifiedName ?? frame.Function ?? "<unknown function>", Tone.Function).Text("  ");
        WritePlace(frame.File, frame.Line);
        if (frame.File is not null && changedFiles.Contains(frame.File))
            writer.Text("  (file changed since the start)", Tone.Faint);
        if (frame.Unreadable is { } reason)
            writer.Text("  (").Data(reason).Text(")");
        writer.Line();
        WriteSource(frame);
        foreach (LocalVariable local in frame.Locals ?? [])
            WriteLocal(local);
    }

    private void WritePlace(string? file, int? line)
    {
        writer.Data(file ?? "<unknown file>", Tone.Path);
        if (line is { } number)
            writer.Text(":").Text(number);
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
                writer.Text(margin, Tone.Faint).Text(MarkedSource.Of(new PythonFrame(null), line.Text, 0).Before, Tone.Faint).Line();
        }
    }

    private void WriteMarked(MarkedSource source, string margin)
    {
        writer.Text(margin).Text(source.Before).Text(source.Marked, Tone.Marked).Text(source.After).Line();
        if (writer.Colour || source.Marked.Length == 0)
            return;
        writer.Text(new string(' ', margin.Length + Cells.Width(source.Before)));
        writer.Text(new string('^', Math.Max(Cells.Width(source.Marked), 1))).Line();
    }

    private void WriteLocal(LocalVariable local)
    {
        writer.Text(Deeper).Data(local.Name).Text(" = ");
        if (local.Value is { } value)
            writer.Data(value);
        else
            writer.Text("<unknown: ", Tone.Faint).Data(local.Unreadable ?? "not read", Tone.Faint).Text(">", Tone.Faint);
        if (local.Length is { } length)
            writer.Text(" (cut, ", Tone.Faint).Text(length).Text(" characters in all)", Tone.Faint);
        if (local.Scope == VariableScope.Free)
            writer.Text("  (free)", Tone.Faint);
        writer.Line();
    }

    private void WriteBuiltin(BuiltinFrame frame)
    {
        string name = frame.QualifiedName ?? frame.Function ?? "<unknown function>";
        writer.Data(frame.Module is { } module and not ("builtins" or "__builtin__") ? module + "." + name : name, Tone.Function).Text("  (builtin)").Line();
    }

    private void WriteNative(NativeFrame frame)
    {
        writer.Data(frame.Function ?? "0x" + frame.Address.ToString("x", System.Globalization.CultureInfo.InvariantCulture), Tone.Function);
        writer.Text("  ");
        if (frame.File is not null)
            WritePlace(frame.File, frame.Line);
        else
            writer.Data(frame.Module ?? "<unknown module>", Tone.Path);
        writer.Text(frame.Inlined ? "  (C, inlined)" : "  (C)").Line();
    }
}
