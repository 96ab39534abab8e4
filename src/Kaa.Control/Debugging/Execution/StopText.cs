using Kaa.Control.Debugging.Words;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Stops as gdb tells them.</summary>
internal static class StopText
{
    public static string Exit(StopReport report, Inferior inferior) => report.Exit switch
    {
        0 => $"[Inferior {inferior.Number} (process {inferior.Pid}) exited normally]\n",
        > 128 when report.Signal > 0 => $"\nProgram terminated with signal {SignalTable.NameOf(report.Signal)}, {SignalTable.TextOf(report.Signal)}.\nThe program no longer exists.\n",
        var exit => $"[Inferior {inferior.Number} (process {inferior.Pid}) exited with code {Convert.ToString(exit, 8).PadLeft(2, '0')}]\n",
    };

    public static void Write(DebugSession session, StopReport report)
    {
        if (report.ConditionError is { } error)
            session.Output.Line(error);
        string head = Head(session, report);
        if (head.Length > 0)
            session.Output.Write("\n" + head);
        new FrameLines(session).WriteBare(session.Stack.View.Frames[0], session.Stack.View);
        session.Output.Line();
    }

    private static string Head(DebugSession session, StopReport report)
    {
        InferiorThread? thread = session.Thread;
        bool isOne = session.Inferior!.ThreadCount == 1 && !session.AreNumbered;
        string who = isOne || thread is null ? "" : $"Thread {session.NumberOf(thread)} \"{SessionText.Data(thread.Name)}\" ";
        switch (report.Reason)
        {
            case StopReason.Breakpoint when report.Breakpoints is [var first, ..]:
                string kind = first.IsTemporary ? "Temporary breakpoint" : "Breakpoint";
                return who.Length == 0 ? $"{kind} {first.Number}, " : $"{who}hit {kind} {first.Number}, ";
            case StopReason.Signal or StopReason.Interrupted:
                return $"{(who.Length == 0 ? "Program " : who)}received signal {SignalTable.NameOf(report.Signal)}, {SignalTable.TextOf(report.Signal)}.\n";
            default:
                return "";
        }
    }

}
