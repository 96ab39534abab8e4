using System.Globalization;
using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>Prints tasks as a tree, a loop at a time: under each task those that it waits for.</summary>
internal sealed class TaskText(StyledWriter writer, IReadOnlySet<string> changedFiles)
{
    /// <summary>A chain of tasks may be longer than any line is wide.</summary>
    private const int DeepestIndent = 16;

    private readonly FrameText _frames = new(writer, changedFiles);

    /// <param name="threads">For the names of those that run loops.</param>
    public void Write(TaskReport report, IReadOnlyList<ThreadStack> threads)
    {
        writer.Line();
        if (report.Tasks.Count == 0)
            writer.Text("Tasks: none", Tone.Heading).Line();
        foreach (TaskCycle cycle in report.Cycles)
            writer.Text("CYCLE OF TASKS", Tone.Alarm).Text(": ").Data(cycle.Description).Line();
        int begin = 0;
        for (int i = 1; i <= report.Tasks.Count; i++)
        {
            if (i < report.Tasks.Count && SameLoop(report.Tasks[begin], report.Tasks[i]))
                continue;
            WriteLoop([.. report.Tasks.Skip(begin).Take(i - begin)], threads);
            begin = i;
        }

        if (report.Undriven is { } undriven && undriven != new UndrivenCode(0, 0, 0))
        {
            writer.Text("Suspended, and awaited by nobody: ").Text(undriven.Coroutines).Text(" coroutines, ").Text(undriven.Generators).Text(" generators, ");
            writer.Text(undriven.AsyncGenerators).Text(" asynchronous generators").Line();
        }
    }

    private static bool SameLoop(TaskStack left, TaskStack right) =>
        left.Loop == right.Loop && left.Tid == right.Tid && left.Kind == right.Kind && left.Interpreter == right.Interpreter;

    private void WriteLoop(IReadOnlyList<TaskStack> tasks, IReadOnlyList<ThreadStack> threads)
    {
        TaskStack first = tasks[0];
        writer.Text(tasks.Count.ToString(CultureInfo.InvariantCulture) + Noun(first, tasks.Count), Tone.Heading);
        if (first.Loop is { } loop)
            writer.Text(" of ").Data(loop.Type ?? "a loop").Text(" at ").Text(Hex(loop.Address));
        if (first.Tid is { } tid)
        {
            writer.Text(", thread ").Text(tid);
            if (threads.FirstOrDefault(thread => thread.Tid == tid)?.Name is { } name)
                writer.Text(" \"").Data(name).Text("\"");
        }
        else if (first.Kind != TaskKind.Greenlet)
        {
            writer.Text(", which no thread runs now");
        }

        writer.Line();
        foreach (TaskTreeLine line in TaskTree.Lines(tasks))
            WriteTask(line);
    }

    private static string Noun(TaskStack first, int count) =>
        (first.Kind == TaskKind.Greenlet ? " suspended greenlet" : " task") + (count == 1 ? "" : "s");

    private void WriteTask(TaskTreeLine line)
    {
        string indent = new(' ', 2 + (4 * Math.Min(line.Depth, DeepestIndent)));
        TaskStack task = line.Task;
        writer.Text(indent.AsSpan(2)).Text(line.Depth == 0 ? "* " : "> ");
        if (line.Depth > DeepestIndent)
            writer.Text("(" + line.Depth.ToString(CultureInfo.InvariantCulture) + " deep) ", Tone.Faint);
        if (line.Via is { } via)
            writer.Text(via + ": ", Tone.Faint);
        writer.Data(task.Name ?? "task at " + Hex(task.Address), Tone.Heading);
        if (line.Seen)
        {
            writer.Text(" (shown above)", Tone.Faint).Line();
            return;
        }

        writer.Text(" (" + JsonNames.Of(task.State) + ")").Text(Waiting(task)).Line();
        foreach (StackFrame frame in task.Frames)
            _frames.Write(frame, indent + "  ");
        if (task.Truncated is { } reason)
            writer.Text(indent).Text("  (ends here: ").Data(reason).Text(")").Line();
    }

    /// <summary>Those that it waits for stand below, with their names. One of trio's may wait for something in the block of a nursery.</summary>
    private static string Waiting(TaskStack task)
    {
        int tasks = task.Awaits.Count(one => one.Kind == TaskAwaitKind.Task);
        string other = task.Awaits.Count > tasks ? " waits for " + Printable.Escape(task.Awaits[0].Description) : "";
        if (tasks == 0)
            return other;
        string count = tasks == 1 ? "a task" : tasks.ToString(CultureInfo.InvariantCulture) + " tasks";
        return IsInside(task) ? other + (other.Length > 0 ? ", and has " : " has ") + count + " in its nurseries" : " waits for " + count;
    }

    /// <summary>It has not come to the end of a nursery's block.</summary>
    private static bool IsInside(TaskStack task) => task.Kind == TaskKind.Trio && (task.State != TaskPhase.Pending || task.Awaits[0].Kind != TaskAwaitKind.Task);

    private static string Hex(ulong address) => "0x" + address.ToString("x", CultureInfo.InvariantCulture);
}
