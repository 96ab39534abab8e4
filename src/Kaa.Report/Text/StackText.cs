using System.Globalization;
using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>The answer of <c>kaa bt</c> for a person.</summary>
public static class StackText
{
    /// <param name="before">The round before, with --every; what has not moved since is left out.</param>
    public static void Write(StackReport report, StyledWriter writer, StackReport? before = null)
    {
        WriteHeader(report, before, writer);
        foreach (Deadlock deadlock in report.Deadlocks)
            WriteDeadlock(report, deadlock, writer);
        var threads = new ThreadText(writer, ChangedFiles(report), Deadlocked(report), report.Target.Signal);
        foreach (ThreadStack thread in report.Threads)
        {
            writer.Line();
            threads.Write(thread, Movement.Between(before, thread));
        }

        WriteEnded(report, before, writer);
        if (report.Tasks is { } tasks)
            new TaskText(writer, ChangedFiles(report)).Write(tasks, report.Threads);
    }

    private static void WriteHeader(StackReport report, StackReport? before, StyledWriter writer)
    {
        TargetInfo target = report.Target;
        if (target.Kind == TargetKind.Core)
            writer.Text("Core ", Tone.Heading).Data(target.Path ?? "", Tone.Heading).Text(target.Pid is null ? "" : " of process " + target.Pid.Value.ToString(CultureInfo.InvariantCulture));
        else
            writer.Text("Process " + (target.Pid ?? 0).ToString(CultureInfo.InvariantCulture), Tone.Heading);
        if (before is not null && before.Target.Command.SequenceEqual(target.Command))
        {
            writer.Text(Pause(report.PauseMicroseconds)).Line();
            return;
        }

        if (target.ContainerPid is { } inner)
            writer.Text(" (").Text(inner).Text(" in its container)");
        writer.Text(": ").Data(CommandLine.Join(target.Command)).Line();
        if (target.Signal is { } signal)
            WriteSignal(signal, writer);
        WriteInterpreter(report, writer);
    }

    private static void WriteSignal(CrashSignal signal, StyledWriter writer)
    {
        writer.Text("Ended by ").Text(signal.Name, Tone.Alarm);
        if (signal.Address is { } address)
            writer.Text(" at address 0x" + address.ToString("x", CultureInfo.InvariantCulture));
        writer.Text(" in thread ").Text(signal.Tid).Line();
    }

    private static void WriteInterpreter(StackReport report, StyledWriter writer)
    {
        InterpreterInfo python = report.Interpreter;
        writer.Text(python.Implementation == "cpython" ? "CPython " : python.Implementation + " ").Data(python.Version);
        if (python.FreeThreaded)
            writer.Text(" free-threaded");
        if (python.Debug)
            writer.Text(" debug build");
        if (python.Phase != InterpreterPhase.Running)
            writer.Text(" (" + JsonNames.Of(python.Phase) + ")", Tone.Alarm);
        if (python.Executable is { } executable)
            writer.Text("; ").Data(executable, Tone.Path);
        writer.Text("; ").Text(Quantity.Of(report.Threads.Count, "thread"));
        writer.Text(Pause(report.PauseMicroseconds)).Line();
    }

    private static string Pause(long? microseconds) => microseconds switch
    {
        null => "",
        0 => "; nothing was paused",
        { } time => "; paused for " + (time / 1000.0).ToString(time < 10_000 ? "0.00" : "0", CultureInfo.InvariantCulture) + " ms",
    };

    private static void WriteDeadlock(StackReport report, Deadlock deadlock, StyledWriter writer)
    {
        ThreadStack[] members = [.. report.Threads.Where(thread => thread.Tid is { } tid && deadlock.Threads.Contains(tid))];
        writer.Line().Text("DEADLOCK", Tone.Alarm).Text(": ");
        if (members.Length < deadlock.Threads.Count)
        {
            // With --thread, not all of them are in the report.
            writer.Data(deadlock.Description).Line();
            return;
        }

        writer.Text(members.Length == 1 ? "a thread waits for itself" : members.Length + " threads wait for each other").Line();
        foreach (ThreadStack thread in members)
            WriteMember(thread, writer);
    }

    private static void WriteMember(ThreadStack thread, StyledWriter writer)
    {
        writer.Text("  thread ").Text(thread.Tid ?? 0);
        if (thread.Name is { } name)
            writer.Text(" \"").Data(name).Text("\"");
        if (thread.WaitingFor is { } wait)
            writer.Text(" waits for ").Data(wait.Description);
        writer.Line();
        if (thread.Frames.OfType<PythonFrame>().FirstOrDefault() is { File: { } file, Line: { } line } frame)
        {
            writer.Text("    in ").Data(frame.QualifiedName ?? frame.Function ?? "?", Tone.Function).Text("  ").Data(file, Tone.Path).Text(":").Text(line);
            if (frame.Source is { Length: > 0 } source)
                writer.Text("  ").Data(source);
            writer.Line();
        }
    }

    private static void WriteEnded(StackReport report, StackReport? before, StyledWriter writer)
    {
        foreach (ThreadStack old in before?.Threads ?? [])
        {
            if (report.Threads.Any(thread => thread.Tid == old.Tid && thread.Ident == old.Ident))
                continue;
            writer.Line().Text("Thread ", Tone.Heading).Text(old.Tid ?? 0);
            if (old.Name is { } name)
                writer.Text(" \"").Data(name).Text("\"");
            writer.Text(" (ended)").Line();
        }
    }

    private static HashSet<string> ChangedFiles(StackReport report) =>
        [.. report.Notes.Where(note => note is { Code: NoteCodes.SourceChanged, Subject: not null }).Select(note => note.Subject!)];

    private static HashSet<int> Deadlocked(StackReport report) => [.. report.Deadlocks.SelectMany(deadlock => deadlock.Threads)];
}
