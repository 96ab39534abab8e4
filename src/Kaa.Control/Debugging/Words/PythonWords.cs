using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Objects.Printing;
using Kaa.Python.Source;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>The words of libpython.py: <c>py-bt</c> and its kin. Nothing of the target runs for them, and they need no script and no debug symbols.</summary>
internal static class PythonWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("py-bt", "Print the Python stack of the selected thread, from the selected frame on", (session, _) => Backtrace(session)) { Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("py-bt-full", "The same with the variables of each frame", (session, _) => BacktraceFull(session)) { Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("py-up", "Select the Python frame that called this one", (session, _) => Move(session, 1)) { Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("py-down", "Select the Python frame that this one called", (session, _) => Move(session, -1)) { Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("py-list", "List the Python source around the selected frame's line", ListSource) { More = "[START [, END]]", Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("py-locals", "Print the variables of the selected Python frame, and of those that the same C call runs", (session, _) => Locals(session)) { Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("py-print", "Print a Python value by an expression, reading memory only", Print)
        {
            More = "EXPRESSION\nNames, attributes (a.b), items (a['k'], a[-1]), slices (a[1:5]), len(a), type(a); *ADDRESS and $REGISTER for any object by its address.",
            Reach = CommandReach.Memory,
        });
    }

    /// <exception cref="UserError">There is no Python here.</exception>
    private static (StackView View, int Index) Selected(DebugSession session)
    {
        StackView view = session.Stack.View;
        if (session.Stack.Moment is null)
            throw session.Require().WhyNoPython ?? new UserError("not-python", "Unable to locate python frame");
        if (view.Python is null)
            throw new UserError("no-python-frame", "Unable to locate python frame", "this thread is none that Python knows; info threads lists the others");
        return session.Stack.PythonIndex is { } index ? (view, index) : throw new UserError("no-python-frame", "Unable to locate python frame");
    }

    private static void Backtrace(DebugSession session)
    {
        (StackView view, int index) = Selected(session);
        var lines = new PythonLines(session);
        session.Output.Line("Traceback (most recent call first):");
        Walk(session, view, index, lines.WriteTraceback, text => session.Output.Line("  " + text));
        if (view.Python!.Stack?.Truncated is { } why)
            session.Output.WriteError("the stack ends early: " + why);
    }

    private static void BacktraceFull(DebugSession session)
    {
        (StackView view, int index) = Selected(session);
        var lines = new PythonLines(session);
        int next = index;
        Walk(session, view, index, _ => lines.WriteSummary(next++, view), text => session.Output.Line("#" + PythonLines.LevelOf(next, view).ToString(CultureInfo.InvariantCulture) + " " + text));
    }

    /// <summary>Python frames from one on, and what a Python programmer wants to know of the C frames in front of them.</summary>
    private static void Walk(DebugSession session, StackView view, int from, Action<RawFrame> python, Action<string> other)
    {
        int level = Math.Min(session.Stack.Level, view.Frames.Count - 1);
        bool isOwn = view.Frames[level].Python.Contains(from);
        int next = from;
        for (; level < view.Frames.Count; level++)
        {
            FrameView frame = view.Frames[level];
            if (frame.Python.Count == 0 && Remark(frame) is { } remark)
                other(remark);
            foreach (int index in frame.Python)
            {
                if (index < from)
                    continue;
                if ((index > from || !isOwn) && view.Builtins.TryGetValue(index, out BuiltinFrame? builtin))
                    other("<built-in method " + SessionText.Data(builtin.QualifiedName ?? builtin.Function) + (builtin.Module is { } module ? " of module " + SessionText.Data(module) : "") + ">");
                python(view.PythonFrames[index]);
                next = index + 1;
            }
        }

        for (; next < view.PythonFrames.Count; next++)
            python(view.PythonFrames[next]);
    }

    private static string? Remark(FrameView frame) => frame.Symbol.Function switch
    {
        "take_gil" => "Waiting for the GIL",
        "gc_collect_main" or "collect" => "Garbage-collecting",
        _ => null,
    };

    private static void Move(DebugSession session, int step)
    {
        (StackView view, int index) = Selected(session);
        int to = index + step;
        if (to < 0 || to >= view.PythonFrames.Count)
        {
            session.Output.Line(step > 0 ? "Unable to find an older python frame" : "Unable to find a newer python frame");
            return;
        }

        session.Stack.SelectPython(to);
        new PythonLines(session).WriteSummary(to, view);
    }

    private static void ListSource(DebugSession session, string argument)
    {
        (StackView view, int index) = Selected(session);
        PythonFrame frame = PythonMoment.Describe(view.PythonFrames[index]);
        if (frame.Line is not { } line || frame.File is not { } file)
        {
            session.Output.Line("Unable to read python frame line number");
            return;
        }

        (int start, int end) = Range(argument, line);
        if (session.Sources.Text(file) is not { } text)
        {
            session.Output.Line($"Unable to open {SessionText.Data(file)}: it is not in the target's file system");
            return;
        }

        for (int number = start; number <= end && text.Line(number) is { } content; number++)
        {
            string label = (number == line ? ">" : "") + number.ToString(CultureInfo.InvariantCulture);
            session.Output.Line(label.PadLeft(4) + "    " + Shown(content), number == line ? SessionTone.Marked : SessionTone.Plain);
        }
    }

    private static string Shown(string line) => string.Join('\t', line.Split('\t').Select(SessionText.Data));

    /// <summary>As libpython.py reads it: START alone means ten lines more.</summary>
    private static (int Start, int End) Range(string argument, int line)
    {
        string[] parts = argument.Split(',', 2, StringSplitOptions.TrimEntries);
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int start))
            return (Math.Max(1, line - 5), line + 5);
        int end = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : start + 10;
        return (Math.Max(1, start), Math.Min(end, start + Limits.PrintedItems));
    }

    private static void Locals(DebugSession session)
    {
        (StackView view, int index) = Selected(session);
        var lines = new PythonLines(session);

        // Since 3.11 one C call runs many frames, and libpython.py prints all of them.
        bool isShared = session.Stack.Moment!.Process.Version.AtLeast(3, 11);
        for (int i = index; i < view.PythonFrames.Count; i++)
        {
            RawFrame raw = view.PythonFrames[i];
            if (i > index && (!isShared || raw.EvalFrame.IsNull || raw.EvalFrame != view.PythonFrames[index].EvalFrame))
                break;
            if (isShared)
                session.Output.Line("Locals for " + SessionText.Data(raw.Code.Name ?? "?"));
            foreach (LocalVariable local in i == index ? lines.Locals(raw) : lines.Slots(raw))
                session.Output.Line(SessionText.Data(local.Name) + " = " + SessionText.Data(PythonLines.Value(local)));
        }
    }

    private static void Print(DebugSession session, string argument)
    {
        if (argument.Length == 0)
            throw Arguments.Missing("py-print wants a Python expression");
        StackView? view = session.Thread is null ? null : session.Stack.View;
        RawFrame? frame = view?.Python is null ? null : session.Stack.PythonFrame;
        if (session.Stack.Moment is not { } moment)
            throw session.Require().WhyNoPython ?? new UserError("not-python", "Unable to locate python frame");
        try
        {
            PrintedValue value = moment.Evaluate(argument, frame, name => view is null ? null : session.Stack.Frame.Registers[name], session.PythonValues(), out string? origin);
            string text = SessionText.Data(PythonLines.Value(value.Text, value.Unreadable));
            session.Output.Line(origin is null ? $"{argument} = {text}" : $"{origin} '{argument}' = {text}");
        }
        catch (UserError error) when (error.Code == "no-name")
        {
            throw new UserError(error.Code, $"'{argument}' not found", error.Hint, error);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            throw new UserError("unreadable", fault.Message, null, fault);
        }
    }
}
