using System.Globalization;
using Kaa.Control.Debugging.Stack;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>Frames of C as gdb writes them.</summary>
internal sealed class FrameLines(DebugSession session)
{
    /// <summary><c>#0  0x00007f… in read () from /lib/…/libc.so.6</c> and the line's end.</summary>
    public void Write(FrameView frame, StackView view)
    {
        session.Output.Write(("#" + frame.Level.ToString(CultureInfo.InvariantCulture)).PadRight(4));
        WriteBare(frame, view);
        session.Output.Line();
    }

    /// <summary>Without its number.</summary>
    public void WriteBare(FrameView frame, StackView view)
    {
        ISessionOutput output = session.Output;
        if (frame.Unwound.Signal)
        {
            output.Write("<signal handler called>");
            return;
        }

        // The innermost of the calls at one place has the address, those that it was inlined into have not.
        bool isInlinedInto = frame.Level > 0 && view.Frames[frame.Level - 1].Symbol.Inlined;
        if (!isInlinedInto)
            output.Write(Padded(frame.Pc) + " in ");
        output.Write(SessionText.Data(frame.Symbol.Function ?? "??"), SessionTone.Function);
        output.Write(" (");
        WritePython(frame, view);
        output.Write(")");
        if (frame.Symbol.File is { } file)
        {
            output.Write(" at ");
            output.Write(SessionText.Data(file), SessionTone.Path);
            if (frame.Symbol.Line is { } line)
                output.Write(":" + line.ToString(CultureInfo.InvariantCulture));
        }
        else if (frame.Symbol.Module is { } module && !IsProgram(frame))
        {
            output.Write(" from ");
            output.Write(SessionText.Data(module), SessionTone.Path);
        }
    }

    /// <summary>16 digits, as gdb writes addresses in front of a function's name.</summary>
    public static string Padded(Address address) => "0x" + address.Value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>gdb names libraries only, not the program.</summary>
    private bool IsProgram(FrameView frame) =>
        session.Inferior is { } inferior && inferior.Target.Modules.Find(frame.Pc) is { } module && Programs.Of(inferior)?.Base == module.Base;

    private void WritePython(FrameView frame, StackView view)
    {
        if (frame.Python.Count == 0 || session.Stack.Moment is not { } moment)
            return;
        RawFrame first = view.PythonFrames[frame.Python[0]];
        PythonFrame shown = PythonMoment.Describe(first);
        session.Output.Write(SessionText.Data(PythonLines.Title(first, shown)));
        if (frame.Python.Count > 1)
            session.Output.Write($", and {frame.Python.Count - 1} that called it");
    }
}
