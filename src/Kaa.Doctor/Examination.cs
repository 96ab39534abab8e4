using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Doctor;

/// <summary>Runs checks over a target, and puts their findings in order.</summary>
public static class Examination
{
    /// <param name="inOrder">Findings stay in the order of the checks; else the worst come first.</param>
    public static DoctorReport Run(Examined examined, IEnumerable<ICheck> checks, bool inOrder = false)
    {
        var findings = new List<Finding>();
        foreach (ICheck check in checks)
            findings.AddRange(Run(check, examined));

        // Stable: among equals, in the order of the checks.
        return new DoctorReport(InfoOf(examined), inOrder ? findings : [.. findings.OrderByDescending(finding => finding.Severity)])
        {
            Interpreter = examined.Interpreter,
        };
    }

    private static List<Finding> Run(ICheck check, Examined examined)
    {
        var findings = new List<Finding>();
        try
        {
            foreach (Finding finding in check.Examine(examined))
                findings.Add(finding);
        }
        catch (TargetFault fault)
        {
            findings.Add(Unknown(check, fault.Message));
        }
        catch (BadData damage)
        {
            findings.Add(Unknown(check, damage.Message));
        }

        return findings;
    }

    private static Finding Unknown(ICheck check, string reason) => new("check-incomplete", Severity.Info, $"{check.Subject}: could not be examined whole")
    {
        Evidence = [reason],
        Subject = check.Subject,
        Incomplete = true,
    };

    /// <summary>A process that can't be opened still has a name.</summary>
    private static TargetInfo? InfoOf(Examined examined) => examined.Target?.Info ?? (examined.Process is not { } process ? null : new TargetInfo
    {
        Kind = TargetKind.Process,
        Pid = process.Pid,
        ContainerPid = process.Status is { NamespacePids: { Count: > 1 } ids } ? ids[^1] : null,
        Command = process.Command is { Count: > 0 } command ? command : [process.Status.Name],
    });
}
