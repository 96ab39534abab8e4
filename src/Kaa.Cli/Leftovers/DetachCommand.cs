using System.Globalization;
using System.Text.Json;
using Kaa.Cli.Cores;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Control.Agent;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Cli.Leftovers;

/// <summary>The use-case of <c>kaa detach</c>.</summary>
internal static class DetachCommand
{
    public static int Run(int pid, bool json)
    {
        StackTarget target = StackTargets.Resolve(pid);
        AgentRemoval.Remove(target.Pid, null, out long pause, out AgentRemoval.Result result, takesUsed: false);
        if (json)
            WriteJson(target.Pid, pause, result);
        else
            WriteText(target.Pid, pause, result);
        return result.Foreign > 0 || result.CopiesLeft > 0 || result.RunsLeft > 0 ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static void WriteText(int pid, long pause, AgentRemoval.Result result)
    {
        var parts = new List<string>();
        if (result.Agents > 0 || result.Restored > 0)
            parts.Add(Quantity.Of(result.Agents, "agent") + " switched off, " + Quantity.Of(result.Restored, "place") + " of code restored");
        else if (result.Off > 0)
            parts.Add((result.Off == 1 ? "its agent was" : Quantity.Of(result.Off, "agent") + " were") + " off already, 0 places of code restored");
        if (result.Foreign > 0)
            parts.Add(Quantity.Of(result.Foreign, "place") + " of code left as somebody else has changed it since");
        if (result.Copies > 0)
            parts.Add(Quantity.Of(result.Copies, "ended copy", "ended copies") + " of kaa core taken");
        if (result.CopiesLeft > 0)
            parts.Add(Quantity.Of(result.CopiesLeft, "ended copy", "ended copies") + " of kaa core could not be taken; try again");
        if (result.Runs > 0 || result.Files > 0)
            parts.Add(Quantity.Of(result.Runs, "mapping") + " and " + Quantity.Of(result.Files, "descriptor") + " of kaa exec given back");
        if (result.RunsLeft > 0)
            parts.Add(Quantity.Of(result.RunsLeft, "mapping") + " of kaa exec left, as code in it still runs or waits to; try again");
        if (parts.Count == 0 || (result is { Agents: 0, Off: > 0, HadCalls: true } && parts.Count == 1))
            parts.Add(result.HadCalls ? "the code by which kaa has it make system calls was taken away" : "nothing of kaa's was found");
        using StreamWriter output = Streams.Output();
        output.Write(string.Create(CultureInfo.InvariantCulture, $"process {pid}: {string.Join("; ", parts)}; paused {CoreProgress.Milliseconds(pause)}\n"));
    }

    private static void WriteJson(int pid, long pause, AgentRemoval.Result result)
    {
        using (Utf8JsonWriter json = JsonText.Writer(StandardStream.Output))
        {
            json.WriteStartObject();
            json.WriteNumber("schema"u8, JsonText.Schema);
            json.WriteNumber("pid"u8, pid);
            json.WriteNumber("agents"u8, result.Agents + result.Off);
            json.WriteNumber("agentsOff"u8, result.Off);
            json.WriteNumber("placesRestored"u8, result.Restored);
            json.WriteNumber("placesForeign"u8, result.Foreign);
            json.WriteNumber("copiesTaken"u8, result.Copies);
            json.WriteNumber("copiesLeft"u8, result.CopiesLeft);
            json.WriteNumber("runsTaken"u8, result.Runs);
            json.WriteNumber("runsLeft"u8, result.RunsLeft);
            json.WriteNumber("descriptorsClosed"u8, result.Files);
            json.WriteNumber("pauseMicroseconds"u8, pause);
            json.WriteEndObject();
        }

        StandardStream.Output.Write("\n"u8);
    }
}
