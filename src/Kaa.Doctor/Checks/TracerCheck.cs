using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>A process has one tracer at most: with another one there, nobody else can stop it, set breakpoints or run code in it.</summary>
internal sealed class TracerCheck : ICheck
{
    private const int ShownCommand = 160;

    public string Subject => "tracers";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process is not { } process)
            yield break;
        int tracer = process.Status.TracerPid;
        if (tracer == 0)
        {
            yield return new Finding("not-traced", Severity.Ok, "no other debugger holds the process") { Evidence = ["status: TracerPid: 0"] };
            yield break;
        }

        string pid = tracer.ToString(CultureInfo.InvariantCulture);
        (string name, string command) = NameOf(examined, tracer);
        yield return new Finding("already-traced", Severity.Problem, $"{name} (process {pid}) traces it: gdb and strace get EPERM, Kaa reads without stopping")
        {
            Evidence = [$"status: TracerPid: {pid}", $"process {pid}: {command}"],
            Remedy = [$"# end that debugger, or let it detach (in gdb: detach); if nobody uses it any more:", $"kill {pid}"],
            Subject = pid,
        };
    }

    private static (string Name, string Command) NameOf(Examined examined, int tracer)
    {
        try
        {
            using ProcessFolder folder = ProcessFolder.Require(examined.Proc, tracer);
            string command = string.Join(' ', folder.Command);
            if (command.Length > ShownCommand)
                command = command[..ShownCommand] + "…";
            return (folder.Status.Name, command.Length > 0 ? command : folder.Status.Name);
        }
        catch (UserError)
        {
            return ("a process that can't be named", "it has gone meanwhile");
        }
    }
}
