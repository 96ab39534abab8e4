using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Words;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary><c>break</c> and all that is said of breakpoints.</summary>
internal sealed class BreakpointCommands(DebugSession session, ExecutionControl execution)
{
    public static void AddTo(DebugSession session, ExecutionControl execution)
    {
        var words = new BreakpointCommands(session, execution);
        CommandTable table = session.Commands;
        table.Add(new SimpleCommand("break", "Stop at a place", (_, argument) => words.Break(argument, isTemporary: false))
        {
            Also = ["b", "br", "brea"],
            More = "SYMBOL|MODULE!SYMBOL|FILE:LINE|*ADDRESS [thread N] [if CONDITION]\nA condition is Kaa's (str(arg0) =~ \"^/tmp\" and py.function == \"f\") or gdb's ($_regex((char*) $rdi, \"^/tmp\")).",
            Completion = Symbols,
        });
        table.Add(new SimpleCommand("tbreak", "Stop at a place, once", (_, argument) => words.Break(argument, isTemporary: true)) { Also = ["tb"], More = "As break takes it", Completion = Symbols });
        table.Add(new SimpleCommand("delete", "Delete breakpoints; all where no number is given", (_, argument) => words.Delete(argument)) { Also = ["d", "delete breakpoints"], More = "[NUMBER…]" });
        table.Add(new SimpleCommand("disable", "Let breakpoints stop nobody", (_, argument) => words.Enable(argument, false)) { Also = ["disable breakpoints"], More = "[NUMBER…]" });
        table.Add(new SimpleCommand("enable", "Let disabled breakpoints stop again", (_, argument) => words.Enable(argument, true)) { Also = ["enable breakpoints"], More = "[NUMBER…]" });
        table.Add(new SimpleCommand("ignore", "Pass a breakpoint over some times", (_, argument) => words.Ignore(argument)) { More = "NUMBER COUNT" });
        table.Add(new SimpleCommand("condition", "Give a breakpoint a condition; take it away where none is given", (_, argument) => words.Condition(argument)) { More = "NUMBER [CONDITION]" });
        table.Add(new SimpleCommand("commands", "What is to be done when a breakpoint stops the process, up to a line end", (_, argument) => words.Commands(argument)) { More = "[NUMBER…]\nsilent as the first line: the stop is not told." });
        table.Add(new SimpleCommand("info breakpoints", "List breakpoints", (_, _) => session.Output.Write(BreakpointText.List(execution.Breakpoints.All, session.Inferiors))) { Also = ["info b", "info watchpoints"] });
    }

    private static IEnumerable<string> Symbols(DebugSession session, string argument) => session.Inferior?.Names.Beginning(argument, 200) ?? [];

    private void Break(string argument, bool isTemporary)
    {
        BreakpointRequest request = BreakpointRequest.Parse(argument);
        string spec = request.Spec.Length > 0 ? request.Spec : $"*{session.RequireThread().Registers["rip"]}";
        Inferior? inferior = session.Inferior;
        if (inferior is CoreInferior)
            throw new UserError("core", "This is a core: nothing of it can run.");
        IReadOnlyList<BreakpointLocation> found = inferior is LiveInferior ? execution.Locate(spec) : [];
        if (found.Count == 0 && !session.Settings.AllowsPending)
            throw new UserError("no-symbol", LocationFinder.Missing(spec), "info functions REGEX lists what there is; set breakpoint pending on waits for it to be loaded");
        Breakpoint one = execution.Breakpoints.Add(spec, isTemporary);
        try
        {
            one.SetCondition(request.Condition);
            if (request.Thread is { } number)
                one.Tid = (inferior?.Threads.FirstOrDefault(thread => thread.Number == number) ?? throw new UserError("no-thread", $"Unknown thread {number}.")).Tid;
            one.Locations = found;
            execution.Plant();
            execution.RefusedPlace = null;
        }
        catch
        {
            execution.Breakpoints.Remove(one);
            if (found.Count > 0)
                execution.RefusedPlace = spec;
            throw;
        }

        if (one.IsPending)
            session.Output.Line(LocationFinder.Missing(spec));
        session.Output.Line(BreakpointText.Made(one));
        if (execution.WhySlow(one) is { } why)
            session.Output.Line($"Threads stop there by an int3 and a signal, which is slow, because {why}.");
    }

    private void Delete(string numbers)
    {
        foreach (Breakpoint one in execution.Breakpoints.Select(numbers))
            execution.Breakpoints.Remove(one);
        execution.Plant();
    }

    private void Enable(string numbers, bool isEnabled)
    {
        foreach (Breakpoint one in execution.Breakpoints.Select(numbers))
            one.IsEnabled = isEnabled;
        execution.Plant();
    }

    private void Ignore(string argument)
    {
        string[] words = Arguments.Split(argument);
        if (words.Length == 0)
            throw new UserError("argument", "Argument required (a breakpoint number).");
        Breakpoint one = execution.Breakpoints.Find(words[0]);
        one.Ignore = words.Length > 1 ? Math.Max(0, Arguments.Number(session, words[1], 0)) : throw new UserError("argument", "Second argument (specified ignore-count) is missing.");
        session.Output.Line(one.Ignore switch
        {
            0 => $"Will stop next time breakpoint {one.Number} is reached.",
            1 => $"Will ignore next crossing of breakpoint {one.Number}.",
            var count => $"Will ignore next {count} crossings of breakpoint {one.Number}.",
        });
    }

    private void Condition(string argument)
    {
        string[] words = argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        if (argument.Length == 0)
            throw new UserError("argument", "Argument required (breakpoint number).");
        Breakpoint one = execution.Breakpoints.Find(words[0]);
        one.SetCondition(words.Length > 1 ? words[1] : "");
        execution.Plant();
        if (one.Condition is null)
            session.Output.Line($"Breakpoint {one.Number} now unconditional.");
    }

    private void Commands(string numbers)
    {
        IReadOnlyList<Breakpoint> meant = numbers.Length > 0 ? execution.Breakpoints.Select(numbers)
            : execution.Breakpoints.All is [.., var last] ? [last]
            : throw new UserError("no-breakpoint", "No breakpoints specified.");
        IReadOnlyList<string> lines = session.ReadBlock();
        foreach (Breakpoint one in meant)
            one.Commands = [.. lines.Select(line => line.Trim())];
    }
}
