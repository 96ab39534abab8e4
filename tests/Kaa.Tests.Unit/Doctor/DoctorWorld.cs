using Kaa.Doctor;
using Kaa.Results;
using Kaa.Tests.Unit.Linux;

namespace Kaa.Tests.Unit.Doctor;

/// <summary>Runs a check over a process, or a machine, that a fake /proc plays.</summary>
internal static class DoctorWorld
{
    public const int Pid = 10;

    public static IReadOnlyList<Finding> Findings(this ICheck check, FakeProc proc)
    {
        using Examined examined = Examined.OfProcess(Pid, proc.Root);
        return Examination.Run(examined, [check]).Findings;
    }

    public static IReadOnlyList<Finding> Refused(this ICheck check, FakeProc proc, string code = "not-permitted")
    {
        using Examined examined = Examined.OfRefused(Pid, proc.Root, new UserError(code, "process 10 can't be read: …", "…"));
        return Examination.Run(examined, [check]).Findings;
    }

    public static IReadOnlyList<Finding> HostFindings(this ICheck check, FakeProc proc)
    {
        using Examined examined = Examined.Host(proc.Root);
        return Examination.Run(examined, [check]).Findings;
    }

    public static Finding Of(this IReadOnlyList<Finding> findings, string code) => findings.Single(finding => finding.Code == code);

    public static void ShouldLack(this IReadOnlyList<Finding> findings, string code) => findings.ShouldNotContain(finding => finding.Code == code);
}
