using System.Text.Json;
using Kaa.Results;

namespace Kaa.Report.Json;

/// <summary>The answer of <c>kaa bt --json</c>: keys as the contract in docs/json.md names them.</summary>
public static class StackJson
{
    /// <summary>Frames written between two flushes: bounds what waits in memory when stacks are deep.</summary>
    private const int FlushEvery = 256;

    /// <param name="round">Number of the look with --every, counted from 1; null without.</param>
    /// <param name="before">The look before, with --every.</param>
    public static void Write(StackReport report, Utf8JsonWriter json, int? round = null, StackReport? before = null)
    {
        json.WriteStartObject();
        json.WriteNumber("schema"u8, JsonText.Schema);
        if (round is { } number)
            json.WriteNumber("round"u8, number);
        WriteTarget(json, report.Target);
        WriteInterpreter(json, report.Interpreter);
        json.Number("pauseMicroseconds"u8, report.PauseMicroseconds);
        WriteDeadlocks(json, report.Deadlocks);
        json.WriteStartArray("threads"u8);
        foreach (ThreadStack thread in report.Threads)
            WriteThread(json, thread, Movement.Between(before, thread));
        json.WriteEndArray();
        TaskJson.Write(json, report.Tasks);
        NoteJson.Write(json, "notes"u8, report.Notes);
        json.WriteEndObject();
    }

    internal static void WriteTarget(Utf8JsonWriter json, TargetInfo target)
    {
        json.WriteStartObject("target"u8);
        json.Text("kind"u8, JsonNames.Of(target.Kind));
        json.Number("pid"u8, target.Pid);
        json.Number("containerPid"u8, target.ContainerPid);
        json.Text("path"u8, target.Path);
        json.Texts("command"u8, target.Command);
        WriteSignal(json, target.Signal);
        json.WriteEndObject();
    }

    private static void WriteSignal(Utf8JsonWriter json, CrashSignal? signal)
    {
        if (signal is null)
        {
            json.WriteNull("signal"u8);
            return;
        }

        json.WriteStartObject("signal"u8);
        json.WriteNumber("number"u8, signal.Number);
        json.Text("name"u8, signal.Name);
        json.Address("address"u8, signal.Address);
        json.WriteNumber("tid"u8, signal.Tid);
        json.WriteEndObject();
    }

    internal static void WriteInterpreter(Utf8JsonWriter json, InterpreterInfo python)
    {
        json.WriteStartObject("interpreter"u8);
        json.Text("implementation"u8, python.Implementation);
        json.Text("version"u8, python.Version);
        json.Text("executable"u8, python.Executable);
        json.Text("library"u8, python.Library);
        json.WriteBoolean("debug"u8, python.Debug);
        json.WriteBoolean("freeThreaded"u8, python.FreeThreaded);
        json.Text("layout"u8, JsonNames.Of(python.Layout));
        json.Text("phase"u8, JsonNames.Of(python.Phase));
        json.WriteEndObject();
    }

    private static void WriteDeadlocks(Utf8JsonWriter json, IReadOnlyList<Deadlock> deadlocks)
    {
        json.WriteStartArray("deadlocks"u8);
        foreach (Deadlock deadlock in deadlocks)
        {
            json.WriteStartObject();
            json.WriteStartArray("threads"u8);
            foreach (int tid in deadlock.Threads)
                json.WriteNumberValue(tid);
            json.WriteEndArray();
            json.Text("description"u8, deadlock.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteThread(Utf8JsonWriter json, ThreadStack thread, Movement? movement)
    {
        json.WriteStartObject();
        json.Number("tid"u8, thread.Tid);
        if (thread.Ident is { } ident)
            json.WriteNumber("ident"u8, ident);
        else
            json.WriteNull("ident"u8);
        json.Text("name"u8, thread.Name);
        json.WriteBoolean("main"u8, thread.Main);
        json.WriteNumber("interpreter"u8, thread.Interpreter);
        json.Text("state"u8, JsonNames.Of(thread.State));
        json.WriteBoolean("stopped"u8, thread.Stopped);
        json.Flag("holdsGil"u8, thread.HoldsGil);
        json.WriteBoolean("gc"u8, thread.Gc);
        if (movement is { } known)
            json.WriteBoolean("moved"u8, known.Moved);
        WriteWait(json, thread.WaitingFor);
        WriteFrames(json, thread.Frames);
        if (thread.Truncated is { } reason)
            json.Text("truncated"u8, reason);
        json.WriteEndObject();
    }

    private static void WriteWait(Utf8JsonWriter json, WaitReason? wait)
    {
        if (wait is null)
        {
            json.WriteNull("waitingFor"u8);
            return;
        }

        json.WriteStartObject("waitingFor"u8);
        json.Text("kind"u8, JsonNames.Of(wait.Kind));
        json.Address("address"u8, wait.Address);
        json.Number("ownerTid"u8, wait.OwnerTid);
        json.Number("fd"u8, wait.Fd);
        json.Text("description"u8, wait.Description);
        json.WriteEndObject();
    }

    internal static void WriteFrames(Utf8JsonWriter json, IReadOnlyList<StackFrame> frames)
    {
        json.WriteStartArray("frames"u8);
        for (int i = 0; i < frames.Count; i++)
        {
            FrameJson.Write(json, frames[i]);
            if (i % FlushEvery == FlushEvery - 1)
                json.Flush();
        }

        json.WriteEndArray();
    }
}
