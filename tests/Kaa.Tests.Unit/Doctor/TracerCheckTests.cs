using Kaa.Doctor;
using Kaa.Doctor.Checks;
using Kaa.Results;
using Kaa.Tests.Unit.Linux;

namespace Kaa.Tests.Unit.Doctor;

public sealed class TracerCheckTests : IDisposable
{
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Another_tracer_is_named_with_its_command()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, tracer: 77));
        _proc.Process(77, "gdb").Write(77, "cmdline", "gdb\0-p\u000010\0");
        Finding finding = Single();
        finding.Code.ShouldBe("already-traced");
        finding.Severity.ShouldBe(Severity.Problem);
        finding.Evidence.ShouldContain("process 77: gdb -p 10");
        finding.Remedy.ShouldContain("kill 77");
    }

    [Fact]
    public void A_tracer_that_has_gone_meanwhile_is_said_to_have_gone()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, tracer: 77));
        Single().Evidence.ShouldContain(line => line.Contains("gone", StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_that_nobody_traces_is_well()
    {
        _proc.Process(10);
        Single().Severity.ShouldBe(Severity.Ok);
    }

    private Finding Single()
    {
        using Examined examined = Examined.OfProcess(10, _proc.Root);
        return Examination.Run(examined, [new TracerCheck()]).Findings.ShouldHaveSingleItem();
    }
}
