using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Doctor;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Diagnosis;

/// <summary>The use-case of <c>kaa doctor</c>: target → checks → report.</summary>
internal static class DoctorCommand
{
    public static int Run(DoctorRequest request)
    {
        using Examined examined = Open(request);
        DoctorReport report = Examination.Run(examined, ChecksOf(request), inOrder: request.Predictions.Count > 0);
        if (request.Json)
            WriteJson(report);
        else
            WriteText(report, request);
        return report.Findings.Any(finding => finding.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static Examined Open(DoctorRequest request)
    {
        if (request.Core is not { } core)
            return request.Pid is { } pid ? Examined.OfProcess(StackTargets.Resolve(pid).Pid) : Examined.Host();
        using var interruption = new Interruption();
        return Examined.OfCore(core, request.CoreOptions with { OnProgress = interruption.ThrowIfRequested });
    }

    private static IReadOnlyList<ICheck> ChecksOf(DoctorRequest request)
    {
        if (request.Predictions.Count > 0)
            return request.Predictions;
        if (request.Core is not null)
            return AllChecks.OfCore();
        return request.Pid is null ? AllChecks.OfHost() : AllChecks.OfProcess();
    }

    private static void WriteJson(DoctorReport report)
    {
        using (Utf8JsonWriter json = JsonText.Writer(StandardStream.Output))
            DoctorJson.Write(report, json);
        StandardStream.Output.Write("\n"u8);
    }

    private static void WriteText(DoctorReport report, DoctorRequest request)
    {
        using StreamWriter output = Streams.Output();
        DoctorText.Write(report, Streams.Styled(output, StandardStream.Output, request.Colour));
    }
}
