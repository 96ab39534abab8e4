using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

internal static class FrameJson
{
    public static void Write(Utf8JsonWriter json, StackFrame frame)
    {
        json.WriteStartObject();
        switch (frame)
        {
            case PythonFrame python:
                WritePython(json, python);
                break;
            case BuiltinFrame builtin:
                json.WriteString("kind"u8, "builtin"u8);
                json.Text("function"u8, builtin.Function);
                json.Text("qualifiedName"u8, builtin.QualifiedName);
                json.Text("module"u8, builtin.Module);
                break;
            case NativeFrame native:
                WriteNative(json, native);
                break;
        }

        json.WriteEndObject();
    }

    private static void WritePython(Utf8JsonWriter json, PythonFrame frame)
    {
        json.WriteString("kind"u8, "python"u8);
        json.Text("function"u8, frame.Function);
        json.Text("qualifiedName"u8, frame.QualifiedName);
        json.Text("file"u8, frame.File);
        json.Number("line"u8, frame.Line);
        json.Number("endLine"u8, frame.EndLine);
        json.Number("column"u8, frame.Column);
        json.Number("endColumn"u8, frame.EndColumn);
        json.Text("source"u8, frame.Source);
        if (frame.Context.Count > 0)
            WriteContext(json, frame.Context);
        WriteLocals(json, frame.Locals);
        if (frame.Unreadable is { } reason)
            json.Text("unreadable"u8, reason);
    }

    private static void WriteContext(Utf8JsonWriter json, IReadOnlyList<SourceLine> context)
    {
        json.WriteStartArray("context"u8);
        foreach (SourceLine line in context)
        {
            json.WriteStartObject();
            json.WriteNumber("line"u8, line.Number);
            json.Text("source"u8, line.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteLocals(Utf8JsonWriter json, IReadOnlyList<LocalVariable>? locals)
    {
        if (locals is null)
        {
            json.WriteNull("locals"u8);
            return;
        }

        json.WriteStartArray("locals"u8);
        foreach (LocalVariable local in locals)
            WriteLocal(json, local);
        json.WriteEndArray();
    }

    private static void WriteLocal(Utf8JsonWriter json, LocalVariable local)
    {
        json.WriteStartObject();
        json.Text("name"u8, local.Name);
        json.Text("scope"u8, JsonNames.Of(local.Scope));
        json.WriteBoolean("argument"u8, local.Argument);
        json.Text("type"u8, local.Type);
        json.Text("value"u8, local.Value);
        json.Number("length"u8, local.Length);
        if (local.Unreadable is { } reason)
            json.Text("unreadable"u8, reason);
        json.WriteEndObject();
    }

    private static void WriteNative(Utf8JsonWriter json, NativeFrame frame)
    {
        json.WriteString("kind"u8, "native"u8);
        json.Text("function"u8, frame.Function);
        json.Text("module"u8, frame.Module);
        json.Address("address"u8, frame.Address);
        json.Text("file"u8, frame.File);
        json.Number("line"u8, frame.Line);
        json.WriteBoolean("inlined"u8, frame.Inlined);
    }
}
