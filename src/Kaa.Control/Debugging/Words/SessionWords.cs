using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Scripts;
using Kaa.Control.Debugging.Values;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>The session itself: <c>help</c>, <c>set</c>, <c>show</c>, <c>source</c>, <c>quit</c>.</summary>
internal static class SessionWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("help", "List the words, or tell about one", Help) { Also = ["h"], More = "[WORD]", Completion = (session, argument) => session.Commands.Complete(argument, out _) });
        table.Add(new SimpleCommand("apropos", "Words whose help matches a pattern", Apropos) { More = "REGEX" });
        table.Add(new SimpleCommand("quit", "End; a process that is held goes on", Quit) { Also = ["q", "exit"], More = "[STATUS]", Repeats = false });
        table.Add(new SimpleCommand("source", "Run the lines of a file; an error ends it", (session, argument) => ScriptRunner.RunFile(session, argument)) { More = "FILE", Repeats = false });
        table.Add(new SimpleCommand("set", "Change a setting, a variable ($x = 1) or memory; settings of gdb's that mean nothing here are said to", Set) { Reach = CommandReach.Memory, More = "NAME VALUE | $NAME = EXPRESSION | {TYPE} ADDRESS = EXPRESSION" });
        table.Add(new SimpleCommand("set variable", "Work out an expression without printing it", (session, argument) => ExpressionReader.Evaluate(argument, session.Scope)) { Also = ["set var"], Reach = CommandReach.Memory, More = "EXPRESSION" });
        table.Add(new SimpleCommand("show", "Show a setting", Show) { More = "NAME" });
        table.Add(new SimpleCommand("shell", "Not there: Kaa starts no programs for a session", (_, _) => throw new UserError("no-shell", "Kaa starts no shell.", "end with quit, or use another terminal; a process that is held stays held there")) { Also = ["!", "make"] });
        table.Add(new SimpleCommand("python", "Not there: Kaa has no Python inside", (session, argument) => NoPython(session, argument)) { Also = ["python-interactive", "pi", "py"] });
        table.Add(new SimpleCommand("define", "Not there", (session, _) => NoBlock(session, "define")) { Also = ["document"] });
        table.Add(new SimpleCommand("if", "Not there", (session, _) => NoBlock(session, "if")) { Also = ["while"] });
    }

    private static void Help(DebugSession session, string argument)
    {
        if (argument.Length == 0)
        {
            foreach (DebugCommand command in session.Commands.Below(""))
                session.Output.Line($"{command.Name} -- {command.Summary}.");
            session.Output.Line("\nhelp WORD tells more; help info, help set, help thread list their words. Words can be cut short where it is clear which is meant.");
            return;
        }

        IReadOnlyList<DebugCommand> below = session.Commands.Below(argument.Trim());
        DebugCommand? found = null;
        try
        {
            found = session.Commands.Find(argument, out _);
        }
        catch (UserError) when (below.Count > 0)
        {
            // A word that only has words of its own.
        }

        if (found is not null)
        {
            string names = string.Join(", ", found.Aliases.Prepend(found.Name));
            session.Output.Line(names);
            session.Output.Line(found.Summary + ".");
            if (found.Usage is { } usage)
                session.Output.Line($"Usage: {found.Name} {usage}");
        }

        foreach (DebugCommand command in below.Count > 0 ? below : found is null ? [] : session.Commands.Below(found.Name))
            session.Output.Line($"{command.Name} -- {command.Summary}.");
    }

    private static void Apropos(DebugSession session, string argument)
    {
        System.Text.RegularExpressions.Regex pattern = Patterns.Of("(?i)" + argument);
        foreach (DebugCommand command in session.Commands.Commands)
        {
            if (pattern.IsMatch(command.Name) || pattern.IsMatch(command.Summary))
                session.Output.Line($"{command.Name} -- {command.Summary}.");
        }
    }

    private static void Quit(DebugSession session, string argument) =>
        session.End(argument.Length == 0 ? null : Arguments.Number(session, argument, 0) & 0xff);

    private static void Set(DebugSession session, string argument)
    {
        if (argument.Length == 0)
            throw Arguments.Missing("Argument required (expression to compute).");
        if (argument[0] is '$' or '{' or '*' or '(')
        {
            ExpressionReader.Evaluate(argument, session.Scope);
            return;
        }

        Settings.Set(session, argument);
    }

    private static void Show(DebugSession session, string argument)
    {
        if (argument is "version" or "")
            session.Output.Line("Kaa, with gdb's words; see docs/debug.md for what differs.");
        else
            session.Output.Line(Settings.Show(session, argument));
    }

    private static void NoPython(DebugSession session, string argument)
    {
        if (argument.Length == 0)
            session.ReadBlock();
        throw new UserError("no-python-inside", "Scripting in the \"Python\" language is not supported in this copy of Kaa.", "the py-* words are built in; --json of kaa bt, trace and exec are for programs");
    }

    private static void NoBlock(DebugSession session, string word)
    {
        session.ReadBlock();
        throw new UserError("unsupported", $"{word} is not supported.", "commands … end, -x FILE and source are");
    }
}
