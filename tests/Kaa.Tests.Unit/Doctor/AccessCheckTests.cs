using Kaa.Doctor.Checks;
using Kaa.Results;
using Kaa.Tests.Unit.Linux;

namespace Kaa.Tests.Unit.Doctor;

/// <summary>Kernels with Yama, and rights that the tests' own user has not lost, are played by a fake /proc.</summary>
public sealed class AccessCheckTests : IDisposable
{
    private const ulong AllCapabilities = 0x1ffffffffff;
    private const ulong AllButTrace = AllCapabilities & ~(1ul << 19);

    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Theory]
    [InlineData(1, "sudo sysctl kernel.yama.ptrace_scope=0")]
    [InlineData(2, "sudo sysctl kernel.yama.ptrace_scope=0")]
    [InlineData(3, "echo kernel.yama.ptrace_scope=1 | sudo tee /etc/sysctl.d/10-ptrace.conf")]
    public void Yama_is_named_with_its_level_and_the_line_that_lifts_it(int scope, string remedy)
    {
        _proc.Process(10).Write("sys/kernel/yama/ptrace_scope", $"{scope}\n");
        Finding finding = new AccessCheck().Refused(_proc).Of("access-yama");
        finding.Severity.ShouldBe(Severity.Problem);
        finding.Evidence.ShouldContain($"kernel.yama.ptrace_scope = {scope}");
        finding.Remedy.ShouldContain(remedy);
    }

    [Fact]
    public void Another_user_s_process_tells_both_users_and_how_to_become_the_other()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, uid: 33, gid: 34));
        Finding finding = new AccessCheck().Refused(_proc).Of("access-other-user");
        finding.Evidence.ShouldContain(line => line.StartsWith("process: uid 33, gid 34", StringComparison.Ordinal));
        finding.Remedy.ShouldContain("sudo -u '#33' -g '#34' kaa bt 10");
    }

    [Fact]
    public void Root_of_a_container_without_the_capability_gets_docker_s_and_kubectl_s_lines()
    {
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, gid: 0, effective: AllButTrace, permitted: AllButTrace, namespacePids: "7"));
        _proc.Process(10, uid: 0);
        IReadOnlyList<string> remedy = new AccessCheck().Refused(_proc).Of("access-capability").Remedy;
        remedy.ShouldContain(line => line.Contains("--pid container:", StringComparison.Ordinal) && line.Contains("--cap-add SYS_PTRACE", StringComparison.Ordinal));
        remedy.ShouldContain(line => line.StartsWith("kubectl debug", StringComparison.Ordinal) && line.Contains("--target=", StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_in_another_user_namespace_is_said_to_live_there()
    {
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllCapabilities, permitted: AllCapabilities));
        _proc.Process(10).Link("self/ns/user", "user:[1]").Link("10/ns/user", "user:[2]");
        new AccessCheck().Refused(_proc).Of("access-user-namespace").Evidence.ShouldContain("its user namespace is another one than Kaa's");
    }

    [Fact]
    public void A_filter_on_Kaa_itself_is_told_from_missing_rights()
    {
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllCapabilities, permitted: AllCapabilities, seccomp: 2));
        _proc.Process(10);
        new AccessCheck().Refused(_proc).Of("access-seccomp").Evidence[0].ShouldContain("seccomp filter");
    }

    [Theory]
    [InlineData(null, Severity.Ok)]
    [InlineData(0, Severity.Ok)]
    [InlineData(1, Severity.Warning)]
    [InlineData(2, Severity.Problem)]
    [InlineData(3, Severity.Problem)]
    public void Without_a_target_Yama_weighs_what_it_forbids_to_this_user(int? scope, Severity severity)
    {
        if (scope is { } level)
            _proc.Write("sys/kernel/yama/ptrace_scope", $"{level}\n");
        new HostAccessCheck().HostFindings(_proc).Of("yama").Severity.ShouldBe(severity);
    }

    [Theory]
    [InlineData(1, Severity.Ok)]
    [InlineData(2, Severity.Ok)]
    [InlineData(3, Severity.Problem)]
    public void Yama_s_level_3_alone_stops_root(int scope, Severity severity)
    {
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllCapabilities)).Write("sys/kernel/yama/ptrace_scope", $"{scope}\n");
        new HostAccessCheck().HostFindings(_proc).Of("yama").Severity.ShouldBe(severity);
    }

    [Fact]
    public void Root_without_the_capability_is_a_problem_and_another_user_without_it_is_not()
    {
        new HostAccessCheck().HostFindings(_proc).Of("trace-capability").Severity.ShouldBe(Severity.Info);
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllButTrace));
        new HostAccessCheck().HostFindings(_proc).Of("trace-capability").Severity.ShouldBe(Severity.Problem);
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllCapabilities));
        new HostAccessCheck().HostFindings(_proc).Of("trace-capability").Severity.ShouldBe(Severity.Ok);
    }

    [Theory]
    [InlineData("proc /proc proc rw,nosuid,hidepid=2 0 0", true)]
    [InlineData("proc /proc proc rw,nosuid,hidepid=invisible 0 0", true)]
    [InlineData("proc /proc proc rw,nosuid 0 0", false)]
    [InlineData("proc /proc proc rw,hidepid=0 0 0", false)]
    public void A_proc_that_hides_processes_is_said_to(string mount, bool expected)
    {
        _proc.Write("self/mounts", "/dev/vda / ext4 rw 0 0\n" + mount + "\n");
        new HostAccessCheck().HostFindings(_proc).Any(finding => finding.Code == "proc-hidepid").ShouldBe(expected);
    }

    [Fact]
    public void Kaa_in_a_container_says_that_it_sees_no_more_than_that()
    {
        new HostAccessCheck().HostFindings(_proc).ShouldLack("kaa-in-container");
        _proc.Write("self/status", FakeProc.Status(1000, namespacePids: "7"));
        new HostAccessCheck().HostFindings(_proc).Of("kaa-in-container").Evidence.ShouldContain("NSpid: 1000 7");
    }
}
