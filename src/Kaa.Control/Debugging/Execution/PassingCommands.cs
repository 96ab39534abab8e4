using Kaa.Control.Debugging.Commands;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// The commands of a breakpoint where they end in <c>continue</c> and only look before that: they can be done while the thread that has come there waits, and the others run.
/// </summary>
internal sealed class PassingCommands
{
    private readonly List<(DebugCommand? Command, string Argument)> _steps;

    private PassingCommands(List<(DebugCommand? Command, string Argument)> steps, bool isSilent, CommandReach reach) => (_steps, IsSilent, Reach) = (steps, isSilent, reach);

    /// <summary>The stop is not told.</summary>
    public bool IsSilent { get; }

    /// <summary>The furthest of all of them.</summary>
    public CommandReach Reach { get; }

    /// <summary>In their order, one for each line up to <c>continue</c>; a line that does nothing has no command.</summary>
    public IReadOnlyList<(DebugCommand? Command, string Argument)> Steps => _steps;

    /// <summary>Null where the process has to stop for them.</summary>
    public static PassingCommands? Of(IReadOnlyList<string> lines, CommandTable table)
    {
        var steps = new List<(DebugCommand? Command, string Argument)>(lines.Count);
        CommandReach reach = CommandReach.Thread;
        foreach (string line in lines)
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] == '#' || text == "silent")
            {
                steps.Add((null, ""));
                continue;
            }

            if (Find(table, text, out string argument) is not { } command)
                return null;
            if (command.Name == "continue")
                return argument.Length == 0 ? new PassingCommands(steps, lines is ["silent", ..], reach) : null;
            CommandReach its = command.ReachOf(argument);
            if (its == CommandReach.Process)
                return null;
            reach = its == CommandReach.Memory ? its : reach;
            steps.Add((command, argument));
        }

        return null;
    }

    private static DebugCommand? Find(CommandTable table, string text, out string argument)
    {
        try
        {
            return table.Find(text, out argument);
        }
        catch (UserError)
        {
            // It is told when its turn comes.
            argument = "";
            return null;
        }
    }
}
