using System.Globalization;
using Kaa.Control.Cores;
using Kaa.Control.Debugging.Commands;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>generate-core-file</c>: the process as it stands in this stop.</summary>
internal static class CoreWords
{
    public static void AddTo(CommandTable table) => table.Add(new SimpleCommand("generate-core-file", "Write a core of the process as it stands", Write)
    {
        Also = ["gcore"],
        More = "[FILE]\ncore.PID where no file is named. The process stands still anyway; kaa core writes one of a process that goes on.",
        Repeats = false,
    });

    private static void Write(DebugSession session, string argument)
    {
        LiveInferior live = session.RequireLive();
        session.RequireStill();
        string path = argument.Length > 0 ? argument : string.Create(CultureInfo.InvariantCulture, $"core.{live.Pid}");
        CoreReport? report = null;
        live.Tracing.Run(() => report = ProcessDump.Write(new CoreRequest
        {
            Pid = live.Pid,
            Path = path,
            Plain = true,
            Held = live.Held,
            ThrowIfInterrupted = session.Options.ThrowIfInterrupted,
        }));
        session.Output.Line("Saved corefile " + SessionText.Data(path));
        foreach (Note note in report!.Notes)
        {
            if (note.Incomplete)
                session.Output.WriteError(note.Message);
        }
    }
}
