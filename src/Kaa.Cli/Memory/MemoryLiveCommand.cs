using System.Globalization;
using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Control.Memory;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Terminal;
using Kaa.Report.Json;
using Kaa.Report.Memory;
using Kaa.Results;

namespace Kaa.Cli.Memory;

/// <summary>The use-case of <c>kaa mem live</c>: nothing is kept but sums, and no file is written.</summary>
internal static class MemoryLiveCommand
{
    public static int Run(MemoryLiveArguments arguments)
    {
        StackTarget resolved = StackTargets.Resolve(arguments.Pid);
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        interruption.ArmForHangup();
        using LiveTarget target = LiveTarget.Open(resolved.Pid);
        List<Note> notes = resolved.Note is { } note ? [note] : [];
        using MemorySession session = MemorySession.Attach(target, MemoryCommand.FindPython(target, notes), Stream.Null, arguments.Request with { Aggregate = true });
        notes.AddRange(session.Notes);
        MemoryCommand.Say(string.Create(CultureInfo.InvariantCulture, $"recording process {resolved.Pid}; it was paused for {session.PauseMicroseconds / 1000.0:0.0} ms"));
        var state = new LiveState(resolved.Pid, session, arguments);
        var end = Deadline.In(arguments.Duration);
        bool IsOver() => interruption.IsRequested || !session.IsAlive || !session.IsRecording || session.IsReplaced || end.IsOver;
        using var input = new TerminalInput();
        if (!arguments.Json && input.IsTerminal && StandardStream.Output.IsTerminal && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"))
            ShowScreen(session, state, arguments, input, interruption, IsOver);
        else
            PrintTables(session, state, arguments, IsOver);
        session.End();
        MemoryCommand.AddEnd(session, notes);
        MemoryCommand.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{Quantity.Of(session.Count, "allocation")} in {session.Seconds:0.0} s, {ByteText.Of(session.HeldBySums)} held at the end"));
        MemoryCommand.WriteNotes(notes);
        return notes.Exists(each => each.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static void ShowScreen(MemorySession session, LiveState state, MemoryLiveArguments arguments, TerminalInput input, Interruption interruption, Func<bool> isOver)
    {
        using var screen = new LiveScreen(input, interruption);
        long next = 0;
        while (!isOver())
        {
            session.Step();
            bool isStale = screen.IsResized;
            while (input.HasByte)
            {
                if (!state.Press(LiveKeys.Read(input), LiveScreen.Rows))
                    return;
                isStale = true;
            }

            if (Clock.Microseconds >= next)
            {
                state.Advance();
                next = Clock.Microseconds + (long)arguments.Every.TotalMicroseconds;
                isStale = true;
            }

            if (isStale)
                screen.Draw(state.View());
        }
    }

    /// <summary>One each time, and a last one at the end unless a number was asked for.</summary>
    private static void PrintTables(MemorySession session, LiveState state, MemoryLiveArguments arguments, Func<bool> isOver)
    {
        long next = Clock.Microseconds + (long)arguments.Every.TotalMicroseconds;
        int printed = 0;
        while (!isOver())
        {
            session.Step();
            if (Clock.Microseconds < next)
                continue;
            next += (long)arguments.Every.TotalMicroseconds;
            Print(state, arguments);
            if (++printed == arguments.Count)
                return;
        }

        session.End();
        Print(state, arguments);
    }

    private static void Print(LiveState state, MemoryLiveArguments arguments)
    {
        state.Advance();
        if (arguments.Json)
        {
            using (Utf8JsonWriter json = JsonText.Writer(StandardStream.Output))
                LiveJson.Write(state.View(), arguments.Rows, json);
            StandardStream.Output.Write("\n"u8);
            return;
        }

        using StreamWriter output = Streams.Output();
        LiveText.Write(state.View(), arguments.Rows, Streams.Styled(output, StandardStream.Output, null));
    }
}
