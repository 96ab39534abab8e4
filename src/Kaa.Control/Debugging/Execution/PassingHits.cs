using System.Runtime.ExceptionServices;
using Kaa.Control.Debugging.Commands;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>How far a breakpoint's commands came while the thread waited.</summary>
/// <param name="Done">How many lines were done.</param>
/// <param name="Failure">What the next one threw; null where it has to be done with the process stopped.</param>
internal sealed record PartlyPassed(int Done, ExceptionDispatchInfo? Failure);

internal enum Passing
{
    /// <summary>The process has to stop; nothing was done.</summary>
    No,

    /// <summary>All is done: the thread may go on.</summary>
    Yes,

    /// <summary>The process has to stop, with a part of the commands done.</summary>
    Partly,
}

/// <summary>
/// Does the commands of breakpoints in passing: the thread that has come there waits in the agent, no thread is stopped, and what is printed is what a stop would have
/// printed. On the thread that traces, in the midst of a run.
/// </summary>
internal sealed class PassingHits(DebugSession session, ExecutionControl execution, LiveInferior inferior)
{
    private readonly WithheldOutput _output = new();
    private IReadOnlyList<string>? _lines;
    private PassingCommands? _commands;

    /// <param name="met">At least one.</param>
    /// <param name="notes">What is to be told before; taken out where it was.</param>
    /// <param name="partly">Where the commands could not all be done so.</param>
    public Passing Try(Hit hit, IReadOnlyList<Breakpoint> met, List<string> notes, out PartlyPassed? partly)
    {
        partly = null;
        if (session.Settings.AlwaysStops || execution.Stops.IsInCommands || execution.Breakpoints.Own.Count > 0 || !AreLasting(met) || CommandsOf(met[0]) is not { } commands)
            return Passing.No;
        bool isAlone = inferior.Control.Threads.Count == 1;
        if (commands.Reach != CommandReach.Thread && !isAlone)
            return Passing.No;
        if (session.Inferior != inferior)
            session.SwitchTo(inferior);
        bool isNamed = !commands.IsSilent || commands.Reach != CommandReach.Thread;
        if ((isNamed && !isAlone && inferior.IsLeaderGone) || !inferior.TryShowWaiting(hit.Thread, hit.Registers, isNamed))
            return Passing.No;
        try
        {
            partly = Do(commands, met, hit.Thread.Tid, notes);
        }
        finally
        {
            inferior.HideWaiting();
        }

        return partly is null ? Passing.Yes : Passing.Partly;
    }

    private PartlyPassed? Do(PassingCommands commands, IReadOnlyList<Breakpoint> met, int tid, List<string> notes)
    {
        execution.Stops.BeginPassing(new StopReport(StopReason.Breakpoint, tid) { Breakpoints = met, Notes = [.. notes] }, commands.IsSilent);
        notes.Clear();
        int done = 0;
        try
        {
            foreach ((DebugCommand? command, string argument) in commands.Steps)
            {
                session.WriteTo(_output, () => command?.Execute(session, argument));
                _output.GiveTo(session.Output);
                done++;
            }

            session.Output.Flush();
            return null;
        }
        catch (StandstillNeeded)
        {
            return new PartlyPassed(done, null);
        }
        catch (TargetFault fault)
        {
            // Of a process that was just killed nothing more is to be told.
            return fault.Reason == FaultReason.Gone ? null : new PartlyPassed(done, null);
        }
        catch (Exception e) when (e is UserError or OperationCanceledException)
        {
            // As it would end them in a stop: it is thrown there.
            _output.GiveTo(session.Output);
            return new PartlyPassed(done, ExceptionDispatchInfo.Capture(e));
        }
        finally
        {
            _output.Clear();
            execution.Stops.EndPassing();
        }
    }

    private static bool AreLasting(IReadOnlyList<Breakpoint> met)
    {
        foreach (Breakpoint one in met)
        {
            if (one.Number == 0 || one.IsTemporary)
                return false;
        }

        return met.Count > 0;
    }

    private PassingCommands? CommandsOf(Breakpoint one)
    {
        if (!ReferenceEquals(_lines, one.Commands))
            (_lines, _commands) = (one.Commands, PassingCommands.Of(one.Commands, session.Commands));
        return _commands;
    }
}

/// <summary>A word that is done in passing would change the process: it must stand still for that.</summary>
public sealed class StandstillNeeded : Exception
{
    public StandstillNeeded()
        : base("the process must stand still for this")
    {
    }

    public StandstillNeeded(string message)
        : base(message)
    {
    }

    public StandstillNeeded(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
