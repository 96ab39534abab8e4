using Kaa.Doctor.Checks;
using Kaa.Results;
using Kaa.Tests.Unit.Linux;

namespace Kaa.Tests.Unit.Doctor;

public sealed class ProcessStateTests : IDisposable
{
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_process_that_sleeps_is_well()
    {
        _proc.Process(10);
        new StateCheck().Findings(_proc).ShouldHaveSingleItem().Code.ShouldBe("state-ok");
        new ConfinementCheck().Findings(_proc).ShouldBeEmpty();
    }

    [Fact]
    public void A_stopped_process_is_told_how_to_go_on()
    {
        _proc.Process(10, state: 'T');
        new StateCheck().Findings(_proc).Of("stopped").Remedy.ShouldBe(["kill -CONT 10"]);
    }

    [Fact]
    public void Threads_that_are_stuck_in_the_kernel_are_named_with_the_place()
    {
        _proc.Process(10).Thread(10, 11, state: 'D').Write("10/task/11/wchan", "nfs_wait_bit_killable");
        Finding finding = new StateCheck().Findings(_proc).Of("uninterruptible");
        finding.Evidence.ShouldBe(["state D: thread 11", "thread 11 sleeps in the kernel's nfs_wait_bit_killable"]);
    }

    [Fact]
    public void A_zombie_names_its_parent()
    {
        _proc.Process(10, state: 'Z', parent: 77);
        new StateCheck().Findings(_proc).Of("zombie").Remedy.ShouldContain("kaa bt 77");
    }

    [Fact]
    public void A_filter_and_a_shadow_stack_of_the_process_are_told()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, seccomp: 2) + "x86_Thread_features:\tshstk\n");
        IReadOnlyList<Finding> findings = new ConfinementCheck().Findings(_proc);
        findings.Of("target-seccomp").Evidence.ShouldContain("status: Seccomp: 2 (a filter)");
        findings.Of("target-shadow-stack").Remedy.ShouldContain(line => line.Contains("GLIBC_TUNABLES", StringComparison.Ordinal));
    }

    [Fact]
    public void Namespaces_of_its_own_are_told_one_by_one()
    {
        _proc.Process(10);
        foreach (string name in (string[])["mnt", "pid", "user", "net"])
            _proc.Link("self/ns/" + name, name + ":[1]").Link("10/ns/" + name, name + (name == "mnt" ? ":[2]" : ":[1]"));
        new NamespaceCheck().Findings(_proc).Of("other-namespaces").Evidence.ShouldBe(["mounts (files): mnt:[2], Kaa's mnt:[1]"]);
    }

    [Fact]
    public void The_same_namespaces_are_well()
    {
        _proc.Process(10);
        foreach (string name in (string[])["mnt", "pid", "user", "net"])
            _proc.Link("self/ns/" + name, name + ":[1]").Link("10/ns/" + name, name + ":[1]");
        new NamespaceCheck().Findings(_proc).ShouldHaveSingleItem().Code.ShouldBe("same-namespaces");
    }
}
