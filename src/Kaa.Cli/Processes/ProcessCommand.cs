using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Doctor.Processes;
using Kaa.Linux;
using Kaa.Linux.Processes;
using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Processes;

/// <summary>The use-case of <c>kaa ps</c>.</summary>
internal static class ProcessCommand
{
    public static int Run(bool json)
    {
        var finder = new PythonProcessFinder(ProcessList.Take());
        IReadOnlyList<ProcessSummary> found = finder.Find();
        if (json)
            WriteJson(found);
        else
            WriteText(found, finder.Refused);
        return ExitCode.Complete;
    }

    private static void WriteJson(IReadOnlyList<ProcessSummary> processes)
    {
        using (Utf8JsonWriter writer = JsonText.Writer(StandardStream.Output))
            ProcessJson.Write(processes, writer);
        StandardStream.Output.Write("\n"u8);
    }

    private static void WriteText(IReadOnlyList<ProcessSummary> processes, int refused)
    {
        using (StreamWriter output = Streams.Output())
        {
            StandardStream stream = StandardStream.Output;
            if (processes.Count > 0)
                ProcessTable.Write(processes, Streams.Styled(output, stream, null), stream.Width);
        }

        using StreamWriter errors = Streams.Error();
        if (processes.Count == 0)
            errors.Write("kaa: no Python process was found\n");
        if (refused > 0)
            errors.Write($"kaa: note: {Quantity.Of(refused, "process", "processes")} could not be looked into; `kaa bt PID` says why\n");
    }
}
