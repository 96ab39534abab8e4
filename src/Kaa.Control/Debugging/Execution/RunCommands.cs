using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Words;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Starting, going on, ending.</summary>
internal sealed class RunCommands(DebugSession session, ExecutionControl execution)
{
    public static void AddTo(DebugSession session, ExecutionControl execution)
    {
        var words = new RunCommands(session, execution);
        CommandTable table = session.Commands;
        table.Add(new SimpleCommand("run", "Start the program", (_, argument) => words.Run(argument)) { Also = ["r"], More = "[ARGUMENTS]", Repeats = false });
        table.Add(new SimpleCommand("start", "Start the program; stop at main", (_, argument) => words.Start(argument)) { More = "[ARGUMENTS]", Repeats = false });
        table.Add(new SimpleCommand("starti", "Start the program; stop before its first instruction, with its libraries loaded", (_, argument) => words.StartInstruction(argument)) { More = "[ARGUMENTS]", Repeats = false });
        table.Add(new SimpleCommand("continue", "Let the process go on", (_, argument) => words.Continue(argument)) { Also = ["c", "fg"], More = "[COUNT]: the breakpoint is passed over COUNT − 1 times" });
        table.Add(new SimpleCommand("signal", "Let the process go on with a signal; 0 for none", (_, argument) => words.Signal(argument)) { More = "SIGNAL", Repeats = false });
        table.Add(new SimpleCommand("kill", "Kill the process", (_, _) => words.Kill()) { Also = ["k"], Repeats = false });
        table.Add(new SimpleCommand("handle", "What is done with a signal", (_, argument) => words.Handle(argument)) { More = "SIGNAL… [stop|nostop] [print|noprint] [pass|nopass]", Repeats = false });
        table.Add(new SimpleCommand("info signals", "What is done with signals", (_, argument) => words.Signals(argument)) { Also = ["info handle"] });
        table.Add(new SimpleCommand("info program", "Where the process is", (_, _) => words.Where()));
    }

    private void Run(string arguments)
    {
        Launch(arguments);
        execution.Resume(new ResumePlan());
    }

    private void Start(string arguments)
    {
        Launch(arguments);
        IReadOnlyList<BreakpointLocation> main = LocationFinder.Find(session.RequireLive(), "main", execution.Evaluate);
        if (main.Count > 0)
        {
            Breakpoint one = execution.Breakpoints.Add("main", isTemporary: true);
            one.Locations = main;
            session.Output.Line(BreakpointText.Made(one));
            execution.Resume(new ResumePlan());
        }
        else
        {
            session.Output.WriteError("The program has no symbol main; it stands before its first instruction.");
        }
    }

    private void StartInstruction(string arguments)
    {
        Launch(arguments);
        session.Execute("frame");
    }

    private void Launch(string arguments)
    {
        if (arguments.Length > 0)
            execution.Program = [.. execution.Program.Take(1), .. ArgumentWords.Split(arguments)];
        if (session.Inferior is LiveInferior { State: not InferiorState.Exited } && !execution.IsOwn)
            throw new UserError("running", "A process that Kaa did not start is being debugged.", "detach first");
        session.Output.Line("Starting program: " + SessionText.Data(string.Join(' ', execution.Program)));
        session.Output.Flush();
        execution.Launch();
    }

    private void Continue(string argument)
    {
        RequireRunnable();
        int count = Arguments.Number(session, argument, 1);
        if (count > 1 && execution.Stops.LastMet is { } met)
        {
            met.Ignore = count - 1;
            session.Output.Line($"Will ignore next {count - 1} crossings of breakpoint {met.Number}.  Continuing.");
        }
        else if (!execution.Stops.IsInCommands)
        {
            session.Output.Line("Continuing.");
        }

        execution.Resume(new ResumePlan());
    }

    private void Signal(string argument)
    {
        RequireRunnable();
        int signal = argument == "0" ? 0 : SignalTable.Find(argument) ?? throw new UserError("no-such-signal", $"There is no signal {argument}.");
        session.Output.Line(signal == 0 ? "Continuing with no signal." : $"Continuing with signal {SignalTable.NameOf(signal)}.");
        execution.Resume(new ResumePlan { Signal = signal });
    }

    private void Kill()
    {
        LiveInferior inferior = session.RequireLive();
        execution.Kill();
        session.Output.Line($"[Inferior {inferior.Number} (process {inferior.Pid}) killed]");
    }

    private void Handle(string argument)
    {
        string[] words = Arguments.Split(argument);
        var meant = new List<int>();
        foreach (string word in words)
        {
            if (word == "all")
                meant.AddRange(SignalTable.All.Where(signal => signal is not (2 or 5)));
            else if (SignalTable.Find(word) is { } signal)
                meant.Add(signal);
            else
                meant.ForEach(one => execution.Signals.Set(one, word.ToLowerInvariant()));
        }

        if (meant.Count == 0)
            throw new UserError("argument", "Argument required (signal to handle).");
        Write(meant);
    }

    private void Signals(string argument)
    {
        int? only = argument.Length == 0 ? null : SignalTable.Find(argument) ?? throw new UserError("no-such-signal", $"There is no signal {argument}.");
        Write(only is { } one ? [one] : [.. SignalTable.All]);
    }

    private void Write(IReadOnlyList<int> signals)
    {
        session.Output.Line("Signal        Stop\tPrint\tPass to program\tDescription");
        foreach (int signal in signals)
        {
            SignalTable table = execution.Signals;
            session.Output.Line($"{SignalTable.NameOf(signal),-13} {Word(table.Stops(signal))}\t{Word(table.Prints(signal))}\t{Word(table.Passes(signal))}\t\t{SignalTable.TextOf(signal)}");
        }
    }

    private void Where()
    {
        LiveInferior inferior = session.RequireLive();
        session.Output.Line($"\tUsing the running image of {(execution.IsOwn ? "child" : "attached")} process {inferior.Pid}.");
        session.Output.Line($"Program stopped at 0x{session.RequireThread().Registers["rip"]:x}.");
    }

    private void RequireRunnable()
    {
        if (session.Inferior is null or { State: InferiorState.Exited })
            throw new UserError("no-inferior", "The program is not being run.", "run starts it, attach PID takes one that runs");
        _ = session.RequireLive();
        _ = session.RequireStill();
    }

    private static string Word(bool isSo) => isSo ? "Yes" : "No";
}
