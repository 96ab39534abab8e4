using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Words;

/// <summary>What is known of the process as a whole: <c>info proc</c>, <c>info inferiors</c>, <c>info auto-load</c>.</summary>
internal static class ProcessWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("info proc", "The process: its command line, directory and program", (session, _) => Process(session)));
        table.Add(new SimpleCommand("info proc mappings", "What is mapped where", (session, _) => Mappings(session)) { Also = ["info proc map"] });
        table.Add(new SimpleCommand("inferior", "Select a process by its number, or say which is selected", Select) { More = "[NUMBER]" });
        table.Add(new SimpleCommand("info inferiors", "What is debugged", (session, _) => Inferiors(session)));
        table.Add(new SimpleCommand("info target", "What is debugged, and the files of it that were found", (session, _) => Files(session)) { Also = ["info files"] });
        table.Add(new SimpleCommand("info auto-load", "Say which scripts are loaded by themselves: none, and none are needed", (session, _) => AutoLoad(session)));
    }

    private static void Process(DebugSession session)
    {
        TargetInfo info = session.Require().Target.Info;
        ISessionOutput output = session.Output;
        output.Line("process " + (info.Pid ?? 0).ToString(CultureInfo.InvariantCulture));
        if (info.ContainerPid is { } inner)
            output.Line("pid in its container = " + inner.ToString(CultureInfo.InvariantCulture));
        output.Line($"cmdline = '{SessionText.Data(string.Join(' ', info.Command))}'");
        if (session.Require().Target.Files.WorkingDirectory is { } directory)
            output.Line($"cwd = '{SessionText.Data(directory)}'");
        if (Programs.Of(session.Require()) is { } program)
            output.Line($"exe = '{SessionText.Data(program.Path)}'");
    }

    private static void Mappings(DebugSession session)
    {
        Inferior inferior = session.Require();
        session.Output.Line("process " + inferior.Pid.ToString(CultureInfo.InvariantCulture));
        session.Output.Line("Mapped address spaces:\n");
        session.Output.Line("          Start Addr           End Addr       Size     Offset  Perms  objfile");
        foreach (Mapping mapping in inferior.Target.Mappings)
        {
            string permissions = (mapping.Can(MappingAccess.Read) ? "r" : "-") + (mapping.Can(MappingAccess.Write) ? "w" : "-")
                + (mapping.Can(MappingAccess.Execute) ? "x" : "-") + (mapping.Can(MappingAccess.Shared) ? "s" : "p");
            string size = "0x" + mapping.Length.ToString("x", CultureInfo.InvariantCulture);
            string offset = "0x" + mapping.Offset.ToString("x", CultureInfo.InvariantCulture);
            session.Output.Line($"  {mapping.Start,18} {mapping.End,18} {size,10} {offset,10}  {permissions,-5}  {SessionText.Data(mapping.Path)}{(mapping.Deleted ? " (deleted)" : "")}");
        }
    }

    private static void Inferiors(DebugSession session)
    {
        session.Output.Line("  Num  Description       Executable        ");
        foreach (Inferior inferior in session.Inferiors)
            session.Output.Line($"{(inferior == session.Inferior ? "*" : " ")} {inferior.Number,-4} {"process " + inferior.Pid.ToString(CultureInfo.InvariantCulture),-17} {ProgramOf(session, inferior)} ");
        if (session.Inferiors.Count == 0)
            session.Output.Line($"* 1    {"<null>",-17} {ProgramOf(session, null)} ");
    }

    private static string ProgramOf(DebugSession session, Inferior? inferior) =>
        inferior is not null && Programs.Of(inferior) is { } module ? SessionText.Data(module.Path) : session.Options.Program.Count > 0 ? session.Options.Program[0] : "";

    private static void Select(DebugSession session, string argument)
    {
        if (argument.Length > 0)
        {
            int number = Arguments.Number(session, argument, 0);
            session.SwitchTo(session.Inferiors.FirstOrDefault(one => one.Number == number) ?? throw new UserError("no-inferior", $"Inferior ID {number} not known.", "info inferiors lists them"));
        }

        Inferior inferior = session.Require();
        session.Output.Line($"[{(argument.Length > 0 ? "Switching to" : "Current")} inferior {(argument.Length > 0 ? "" : "is ")}{inferior.Number} [process {inferior.Pid}] ({ProgramOf(session, inferior)})]");
        if (argument.Length == 0 || session.Thread is null)
            return;
        StackView view = session.Stack.View;
        new FrameLines(session).Write(view.Frames[0], view);
    }

    private static void Files(DebugSession session)
    {
        Inferior inferior = session.Require();
        session.Output.Line(inferior.Target.Info is { Path: { } path } ? $"Core file {SessionText.Data(path)}" : $"Process {inferior.Pid}");
        if (inferior.Python is { } python)
            session.Output.Line($"CPython {python.Version}{(python.Flavour.Debug ? ", debug build" : "")}{(python.Flavour.FreeThreaded ? ", free-threaded" : "")} in {SessionText.Data(python.Module?.Path ?? "memory")}");
        else
            session.Output.Line(inferior.WhyNoPython?.Message ?? "");
        foreach (Note note in inferior.Target.Notes)
            session.Output.Line(SessionText.Data(note.Message));
    }

    private static void AutoLoad(DebugSession session)
    {
        session.Output.Line("gdb-scripts:  No auto-load scripts.");
        session.Output.Line("libthread-db:  No auto-loaded libthread-db.");
        session.Output.Line("local-gdbinit:  Local .gdbinit file was not found.");
        session.Output.Line("python-scripts:  No auto-load scripts. (py-bt and the other words for Python are part of Kaa.)");
    }
}
