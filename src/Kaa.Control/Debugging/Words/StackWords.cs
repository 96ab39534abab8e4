using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>The C stack of the selected thread: <c>bt</c>, <c>frame</c>, <c>up</c>, <c>down</c>.</summary>
internal static class StackWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("backtrace", "Print the C stack of the selected thread; frames that run Python say which", Backtrace)
        {
            Also = ["bt", "where", "info stack", "info s"],
            More = "[-full|full] [COUNT|-COUNT]\nCOUNT innermost frames, or with a minus outermost ones; full shows the variables of Python frames.",
            ReachBy = argument => argument.Contains("full", StringComparison.Ordinal) ? CommandReach.Memory : CommandReach.Thread,
        });
        table.Add(new SimpleCommand("frame", "Select a frame by its number and print it, or print the selected one", Frame) { Also = ["f", "frame level"], More = "[NUMBER]", Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("frame function", "Select the innermost frame of a function, by its name", FrameOf) { More = "NAME" });
        table.Add(new SimpleCommand("up", "Select the frame that called this one", (session, argument) => Move(session, Arguments.Number(session, argument, 1))) { More = "[COUNT]", Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("down", "Select the frame that this one called", (session, argument) => Move(session, -Arguments.Number(session, argument, 1))) { Also = ["dow"], More = "[COUNT]", Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("info frame", "All about the selected frame", (session, _) => Describe(session)) { Also = ["info f"] });
        table.Add(new SimpleCommand("info locals", "Say how variables can be seen: Kaa reads those of Python", (session, _) => Locals(session)));
        table.Add(new SimpleCommand("info args", "The same for arguments", (session, _) => Locals(session)));
    }

    private static void Backtrace(DebugSession session, string argument)
    {
        bool isFull = false;
        int? count = null;
        foreach (string word in Arguments.Split(argument))
        {
            if (word is "full" or "-full")
                isFull = true;
            else if (int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
                count = number;
            else
                throw new UserError("argument", $"Invalid backtrace argument: {word}", "bt [full] [COUNT|-COUNT]");
        }

        StackView view = session.Stack.View;
        int first = count < 0 ? Math.Max(0, view.Frames.Count + count.Value) : 0;
        int end = count >= 0 ? Math.Min(count.Value, view.Frames.Count) : view.Frames.Count;
        var lines = new FrameLines(session);
        for (int level = first; level < end; level++)
        {
            session.Options.ThrowIfInterrupted();
            lines.Write(view.Frames[level], view);
            if (isFull)
                WriteVariables(session, view.Frames[level], view);
        }

        if (end < view.Frames.Count)
            session.Output.Line("(More stack frames follow...)");
        else if (view.EndReason is { } reason)
            session.Output.WriteError("Backtrace stopped: " + reason);
    }

    private static void WriteVariables(DebugSession session, FrameView frame, StackView view)
    {
        if (frame.Python.Count == 0)
        {
            session.Output.Line("No locals.");
            return;
        }

        var lines = new PythonLines(session);
        foreach (int index in frame.Python)
        {
            RawFrame raw = view.PythonFrames[index];
            session.Output.Line("        " + SessionText.Data(raw.Code.Name ?? "?") + ":");
            foreach (LocalVariable local in lines.Slots(raw))
                session.Output.Line("            " + SessionText.Data(local.Name) + " = " + SessionText.Data(PythonLines.Value(local)));
        }
    }

    private static void Frame(DebugSession session, string argument)
    {
        StackView view = session.Stack.View;
        if (argument.Length > 0)
        {
            int level = Arguments.Number(session, argument, 0);
            if (level < 0 || level >= view.Frames.Count)
                throw new UserError("no-frame", $"No frame at level {argument}.");
            session.Stack.Select(level);
        }

        new FrameLines(session).Write(session.Stack.Frame, view);
    }

    private static void FrameOf(DebugSession session, string argument)
    {
        StackView view = session.Stack.View;
        foreach (FrameView frame in view.Frames)
        {
            if (frame.Symbol.Function != argument)
                continue;
            session.Stack.Select(frame.Level);
            new FrameLines(session).Write(frame, view);
            return;
        }

        throw new UserError("no-frame", $"No frame for function \"{argument}\".");
    }

    private static void Move(DebugSession session, int count)
    {
        StackView view = session.Stack.View;
        int to = Math.Clamp(session.Stack.Level + count, 0, view.Frames.Count - 1);
        if (to == session.Stack.Level && count != 0)
            throw new UserError("no-frame", count > 0 ? "Initial frame selected; you can't go up." : "Bottom (innermost) frame selected; you can't go down.");
        session.Stack.Select(to);
        new FrameLines(session).Write(session.Stack.Frame, view);
    }

    private static void Describe(DebugSession session)
    {
        StackView view = session.Stack.View;
        FrameView frame = session.Stack.Frame;
        ISessionOutput output = session.Output;
        output.Line($"Stack level {frame.Level}, frame at {frame.Unwound.Cfa}:");
        string name = frame.Symbol.Function is { } function ? " in " + SessionText.Data(function) : "";
        string place = frame.Symbol is { File: { } file, Line: { } line } ? $" ({SessionText.Data(file)}:{line})" : "";
        FrameView? caller = frame.Level + 1 < view.Frames.Count ? view.Frames[frame.Level + 1] : null;
        output.Line($" rip = {frame.Pc}{name}{place}" + (caller is null ? "" : $"; saved rip = {caller.Pc}"));
        if (frame.Symbol.Inlined)
            output.Line($" inlined into frame {frame.Level + 1}");
        if (caller is null)
            output.Line(" Outermost frame: " + (view.EndReason ?? "outermost"));
        else
            output.Line($" called by frame at {caller.Unwound.Cfa}");
        output.Line($" Previous frame's sp is {frame.Unwound.Cfa}");
        foreach (int index in frame.Python)
            output.Line(" runs Python: " + SessionText.Data(PythonLines.Title(view.PythonFrames[index], PythonMoment.Describe(view.PythonFrames[index]))));
    }

    private static void Locals(DebugSession session)
    {
        FrameView frame = session.Stack.Frame;
        session.Output.Line(frame.Python.Count > 0
            ? "C variables are not read; this frame runs Python: py-locals shows its variables."
            : "No symbol table info available. (C variables are not read; info registers, x and print show registers and memory.)");
    }
}
