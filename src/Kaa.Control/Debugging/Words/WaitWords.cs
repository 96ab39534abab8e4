using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Python;
using Kaa.Python.Stack;
using Kaa.Python.Waits;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>info waits</c>: what each thread waits for and which one must act before it can go on, as <c>kaa bt</c> tells it.</summary>
internal static class WaitWords
{
    public static void AddTo(CommandTable table) => table.Add(new SimpleCommand("info waits", "What each thread of Python waits for, and which thread holds it", (session, _) => List(session))
    {
        More = "A line for each thread: its number, its name, what it waits for; deadlocks first of all.",
    });

    private static void List(DebugSession session)
    {
        Inferior inferior = session.RequireStill();
        if (inferior.Python is not { } python)
            throw inferior.WhyNoPython!;
        (IReadOnlyList<ThreadStack> threads, IReadOnlyList<Deadlock> deadlocks) = Look(inferior, python);
        foreach (Deadlock deadlock in deadlocks)
            session.Output.Line($"DEADLOCK: {SessionText.Data(deadlock.Description)}", SessionTone.Alarm);
        foreach (InferiorThread thread in inferior.Threads)
        {
            foreach (ThreadStack stack in threads)
            {
                if (stack.Tid == thread.Tid)
                    Write(session, thread, stack);
            }
        }
    }

    private static (IReadOnlyList<ThreadStack> Threads, IReadOnlyList<Deadlock> Deadlocks) Look(Inferior inferior, PythonProcess python)
    {
        var waits = new WaitInspector(python, inferior.Target);
        var observer = new StackObserver(python, new StackOptions { Inspectors = [waits] });
        Look look = inferior.Look();
        observer.Read(look);
        return waits.Complete(observer.Threads(new LookResult(null, look.Threads, new HashSet<int>(), 1)));
    }

    private static void Write(DebugSession session, InferiorThread thread, ThreadStack stack)
    {
        string name = stack.Name is { } known ? $" \"{SessionText.Data(known)}\"" : "";
        string what = stack.WaitingFor is { } wait ? wait.Kind == WaitKind.Sleep ? SessionText.Data(wait.Description) : "waits for " + SessionText.Data(wait.Description)
            : stack.HoldsGil == true ? "holds the GIL" : "does not wait";
        session.Output.Line(string.Create(CultureInfo.InvariantCulture, $"{(thread == session.Thread ? "*" : " ")} {thread.Number,-4} LWP {thread.Tid}{name} {what}"));
    }
}
