using System.Globalization;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Control.Memory;
using Kaa.Control.Following;
using Kaa.Linux;
using Kaa.Linux.Files;
using Kaa.Python;
using Kaa.Report.Memory;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Memory;

/// <summary>The use-case of <c>kaa mem attach</c>.</summary>
internal static class MemoryCommand
{
    public static int Attach(MemoryArguments arguments)
    {
        StackTarget resolved = StackTargets.Resolve(arguments.Pid);
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        interruption.ArmForHangup();
        using LiveTarget target = LiveTarget.Open(resolved.Pid);
        List<Note> notes = resolved.Note is { } note ? [note] : [];
        PythonProcess? python = FindPython(target, notes);
        using GrowingFile file = GrowingFile.Create(arguments.Output, arguments.Force);
        using MemorySession session = MemorySession.Attach(
            target, python, file, arguments.Request with { Watches = arguments.Follows ? GateChoice.All : GateChoice.None });
        notes.AddRange(session.Notes);
        Say(string.Create(CultureInfo.InvariantCulture, $"recording process {resolved.Pid} into {arguments.Output}; it was paused for {session.PauseMicroseconds / 1000.0:0.0} ms"));
        var end = Deadline.In(arguments.Duration);
        bool IsOver() => interruption.IsRequested || !session.IsRecording || session.IsReplaced || end.IsOver;
        if (arguments.Follows)
            return Follow(resolved.Pid, session, file, arguments, notes, IsOver);
        while (session.IsAlive && !IsOver())
            session.Step();
        session.End();
        AddEnd(session, notes);
        AddFile(file, notes);
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{arguments.Output}: {Quantity.Of(session.Count, "allocation")} in {session.Seconds:0.0} s, {ByteText.Of(session.Held)} held at the end; kaa mem report {arguments.Output}"));
        WriteNotes(notes);
        return notes.Exists(each => each.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static int Follow(int pid, MemorySession session, GrowingFile file, MemoryArguments arguments, List<Note> notes, Func<bool> isOver)
    {
        var files = new RecordingFiles(arguments.Output, arguments.Force);
        using RecordedProcesses all = RecordedProcesses.Follow(pid, session, arguments.Request, files.Open);
        while (all.Count > 0 && !isOver())
            all.Step();
        all.End();
        files.Say(all);
        notes.AddRange(all.Notes);
        AddFile(file, notes);
        files.AddChanges(notes);
        WriteNotes(notes);
        return notes.Exists(each => each.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    /// <exception cref="UserError">not-recorded.</exception>
    public static int Detach(int pid)
    {
        StackTarget resolved = StackTargets.Resolve(pid);
        if (!MemoryDetach.End(resolved.Pid))
            throw new UserError("not-recorded", $"no allocations of process {resolved.Pid} are being recorded", "kaa detach takes back whatever else an earlier kaa left");
        Say($"the recording of process {resolved.Pid} has ended");
        return ExitCode.Complete;
    }

    public static PythonProcess? FindPython(LiveTarget target, List<Note> notes)
    {
        try
        {
            return PythonProcess.Find(target);
        }
        catch (UserError e)
        {
            notes.Add(new Note("no-python-stacks", "allocations have no Python stacks: " + e.Message, null, Incomplete: true));
            return null;
        }
    }

    /// <summary>What has become of the file meanwhile.</summary>
    public static void AddFile(GrowingFile file, List<Note> notes)
    {
        if (!file.IsWhole)
            notes.Add(new Note("file-changed", $"{file.Path} was deleted, replaced or cut by somebody while it was written", file.Path, Incomplete: true));
    }

    /// <summary>What a reader should know of how it went.</summary>
    public static void AddEnd(MemorySession session, List<Note> notes)
    {
        if (session.IsReplaced)
            notes.Add(new Note("exec", "the process runs another program by now: the recording ended there", null));
        notes.AddRange(session.EndNotes);
    }

    public static void Say(string text)
    {
        using StreamWriter error = Streams.Error();
        Streams.Styled(error, StandardStream.Error, null).Text("kaa: ").Data(text).Line();
    }

    public static void WriteNotes(List<Note> notes)
    {
        using StreamWriter error = Streams.Error();
        NoteText.Write(notes, Streams.Styled(error, StandardStream.Error, null));
    }
}
