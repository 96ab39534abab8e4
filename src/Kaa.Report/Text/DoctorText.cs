using System.Globalization;
using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>The answer of <c>kaa doctor</c> for a person: the worst first, what is well in a line each at the end.</summary>
public static class DoctorText
{
    private const string Indent = "    ";

    public static void Write(DoctorReport report, StyledWriter writer)
    {
        WriteHeader(report, writer);
        Severity? before = null;
        foreach (Finding finding in report.Findings)
        {
            if (finding.Severity != Severity.Ok || before != Severity.Ok)
                writer.Line();
            before = finding.Severity;
            Write(finding, writer);
        }

        if (report.Findings.Count == 0)
            writer.Line().Text("nothing to tell").Line();
    }

    private static void WriteHeader(DoctorReport report, StyledWriter writer)
    {
        if (report.Target is not { } target)
        {
            writer.Text("This machine", Tone.Heading).Line();
            return;
        }

        if (target.Kind == TargetKind.Core)
            writer.Text("Core ", Tone.Heading).Data(target.Path ?? "", Tone.Heading);
        else
            writer.Text("Process " + (target.Pid ?? 0).ToString(CultureInfo.InvariantCulture), Tone.Heading);
        if (target.ContainerPid is { } inner)
            writer.Text(" (").Text(inner).Text(" in its container)");
        writer.Text(": ").Data(CommandLine.Join(target.Command)).Line();
    }

    private static void Write(Finding finding, StyledWriter writer)
    {
        string word = JsonNames.Of(finding.Severity).PadRight(7);
        writer.Text(word + "  ", ToneOf(finding.Severity)).Data(finding.Title, finding.Severity >= Severity.Warning ? Tone.Heading : Tone.Plain);
        writer.Text("  [" + finding.Code + "]", Tone.Faint).Line();
        if (finding.Severity == Severity.Ok)
            return;
        foreach (string line in finding.Evidence)
            writer.Text(Indent).Data(line).Line();
        if (finding.Remedy.Count == 0)
            return;
        writer.Text(Indent + "remedy:").Line();
        foreach (string line in finding.Remedy)
            writer.Text(Indent + "  ").Data(line, line.StartsWith('#') ? Tone.Plain : Tone.Function).Line();
    }

    private static Tone ToneOf(Severity severity) => severity switch
    {
        Severity.Problem => Tone.Alarm,
        Severity.Warning => Tone.Marked,
        _ => Tone.Faint,
    };
}
