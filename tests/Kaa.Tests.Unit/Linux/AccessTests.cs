using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Results;

namespace Kaa.Tests.Unit.Linux;

/// <summary>Why a process can't be looked at. The kernels and security modules are played by a fake /proc; this machine has no Yama.</summary>
public sealed class AccessTests : IDisposable
{
    private const int NotPermitted = 1; // EPERM
    private const int NoSystemCall = 38; // ENOSYS
    private const ulong AllCapabilities = 0x1ffffffffff;
    private const ulong AllButTrace = AllCapabilities & ~(1ul << 19);

    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_process_of_another_user()
    {
        Target(uid: 33);
        AccessDenial denial = Denial();
        denial.Reason.ShouldBe(DenialReason.OtherUser);
        denial.Message.ShouldContain("user 33");
        denial.Hint.ShouldContain("sudo");
    }

    [Fact]
    public void A_process_of_the_same_user_in_another_group()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, gid: 27));
        Denial().ShouldSatisfyAllConditions(
            denial => denial.Reason.ShouldBe(DenialReason.OtherUser), denial => denial.Message.ShouldContain("group 27"));
    }

    [Theory]
    [InlineData(1, DenialReason.YamaDescendants, "kernel.yama.ptrace_scope=0")]
    [InlineData(2, DenialReason.YamaAdministrators, "sudo")]
    [InlineData(3, DenialReason.YamaNobody, "boot")]
    public void Yama(int scope, DenialReason reason, string hint)
    {
        Target();
        _proc.Write("sys/kernel/yama/ptrace_scope", $"{scope}\n");
        AccessDenial denial = Denial();
        denial.Reason.ShouldBe(reason);
        denial.Message.ShouldContain("ptrace_scope is " + scope.ToString(System.Globalization.CultureInfo.InvariantCulture));
        denial.Hint.ShouldContain(hint);
    }

    [Fact]
    public void Yama_forbids_root_too_where_its_scope_is_3()
    {
        Self(uid: 0, effective: AllCapabilities);
        Target();
        _proc.Write("sys/kernel/yama/ptrace_scope", "3\n");
        Denial().Reason.ShouldBe(DenialReason.YamaNobody);
    }

    [Fact]
    public void Yama_lets_a_parent_look_at_its_own_child_so_that_is_not_the_reason()
    {
        Target(parent: 1000);
        _proc.Write("sys/kernel/yama/ptrace_scope", "1\n");
        Denial().Reason.ShouldBe(DenialReason.SecurityModule);
    }

    [Fact]
    public void Root_of_a_container_lacks_a_capability()
    {
        Self(uid: 0, effective: AllButTrace);
        Target(uid: 0);
        AccessDenial denial = Denial();
        denial.Reason.ShouldBe(DenialReason.MissingCapability);
        denial.Hint.ShouldContain("CAP_SYS_PTRACE".Replace("CAP_", "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_that_made_itself_unreadable()
    {
        // The tests' own user plays root here: the kernel gives such files to root.
        Target();
        _proc.Write(10, "maps", "");
        AccessFacts facts = AccessFacts.Collect(_proc.Root, 10)! with { NonDumpable = true };
        AccessDenial.Of(facts, NotPermitted).Reason.ShouldBe(DenialReason.NonDumpable);
    }

    [Fact]
    public void A_process_in_another_user_namespace()
    {
        Self(uid: 0, effective: AllCapabilities);
        Target();
        _proc.Link("self/ns/user", "user:[1]").Link("10/ns/user", "user:[2]");
        Denial().Reason.ShouldBe(DenialReason.UserNamespace);
    }

    [Fact]
    public void From_inside_a_user_namespace_others_can_not_even_be_asked_for_theirs()
    {
        Self(uid: 0, effective: AllCapabilities);
        Target();
        _proc.Link("self/ns/user", "user:[2]").Write("self/uid_map", "         0       1000          1\n");
        Denial().Reason.ShouldBe(DenialReason.UserNamespace);
    }

    [Fact]
    public void A_process_with_more_capabilities()
    {
        _proc.Process(10).Write(10, "status", FakeProc.Status(10, permitted: 0x400));
        Denial().Reason.ShouldBe(DenialReason.MoreCapabilities);
    }

    [Theory]
    [InlineData(NoSystemCall)]
    [InlineData(NotPermitted)]
    public void A_filter_on_Kaa_itself(int error)
    {
        _proc.Write("self/status", FakeProc.Status(1000, uid: 0, effective: AllCapabilities, permitted: AllCapabilities, seccomp: 2));
        Target();
        AccessDenial denial = AccessDenial.Of(AccessFacts.Collect(_proc.Root, 10)!, error);
        denial.Reason.ShouldBe(DenialReason.Seccomp);
        denial.Hint.ShouldContain("seccomp");
    }

    [Fact]
    public void What_no_rule_explains_is_a_security_module()
    {
        Self(uid: 0, effective: AllCapabilities);
        Target();
        _proc.Link("self/ns/user", "user:[1]").Link("10/ns/user", "user:[1]");
        Denial().Reason.ShouldBe(DenialReason.SecurityModule);
    }

    [Fact]
    public void The_error_names_the_process_and_is_one_code_for_all()
    {
        Target(uid: 33);
        UserError error = Denial().ToError(10);
        error.Code.ShouldBe("not-permitted");
        error.Message.ShouldContain("process 10");
        error.Hint.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void A_pid_that_nobody_has()
    {
        Code(() => LiveTarget.Open(3_999_999, _proc.Root)).ShouldBe("no-such-process");
        Code(() => LiveTarget.Open(-5, _proc.Root)).ShouldBe("no-such-process");
    }

    [Fact]
    public void A_missing_proc_is_said_to_be_missing()
    {
        Code(() => LiveTarget.Open(1, new Kaa.Linux.Proc.ProcRoot("/nowhere/proc"))).ShouldBe("no-proc");
    }

    [Fact]
    public void A_thread_id_is_told_from_a_process_id()
    {
        _proc.Write(12, "status", FakeProc.Status(12, threadGroup: 10));
        UserError error = Should.Throw<UserError>(() => LiveTarget.Open(12, _proc.Root));
        error.Message.ShouldBe("12 is a thread of process 10");
        error.Hint!.ShouldContain("kaa bt 10 --thread 12");
    }

    [Fact]
    public void A_kernel_thread()
    {
        _proc.Process(2, "kthreadd", flags: 0x208040);
        Code(() => LiveTarget.Open(2, _proc.Root)).ShouldBe("kernel-thread");
    }

    [Fact]
    public void A_zombie_names_the_parent_that_should_have_noticed()
    {
        _proc.Process(10, state: 'Z', parent: 77);
        UserError error = Should.Throw<UserError>(() => LiveTarget.Open(10, _proc.Root));
        error.Code.ShouldBe("zombie");
        error.Hint!.ShouldContain("77");
    }

    [Fact]
    public void A_zombie_leader_with_living_threads_is_no_zombie()
    {
        _proc.Process(10, state: 'Z').Thread(10, 11);
        ProcessStatus status = ProcessGate.RequireProcess(_proc.Root, 10);
        ProcessGate.RequireLivingThread(_proc.Root, status).ShouldBe(11);
    }

    [Fact]
    public void A_program_for_another_processor()
    {
        ProcessGate.ForeignArchitecture(Elf(2, 62)).ShouldBeNull();
        ProcessGate.ForeignArchitecture(Elf(1, 3)).ShouldBe("32-bit x86");
        ProcessGate.ForeignArchitecture(Elf(1, 62))!.ShouldContain("x32");
        ProcessGate.ForeignArchitecture(Elf(2, 183)).ShouldBe("64-bit ARM");
        ProcessGate.ForeignArchitecture(Elf(2, 22))!.ShouldContain("22");
        ProcessGate.ForeignArchitecture("#!/bin/sh\n#################"u8).ShouldBeNull();

        string file = Path.GetTempFileName();
        File.WriteAllBytes(file, Elf(1, 3));
        _proc.Process(10).Link("10/exe", file);
        Code(() => LiveTarget.Open(10, _proc.Root)).ShouldBe("foreign-architecture");
        File.Delete(file);
    }

    private static byte[] Elf(byte fileClass, byte machine)
    {
        byte[] header = new byte[64];
        "\u007fELF"u8.CopyTo(header);
        header[4] = fileClass;
        header[18] = machine;
        return header;
    }

    private static string Code(Action action) => Should.Throw<UserError>(action).Code;

    private void Target(uint uid = 1000, int parent = 1) => _proc.Process(10, uid: uid, parent: parent);

    private void Self(uint uid, ulong effective) =>
        _proc.Write("self/status", FakeProc.Status(1000, uid: uid, gid: uid, effective: effective, permitted: effective));

    private AccessDenial Denial() => AccessDenial.Of(AccessFacts.Collect(_proc.Root, 10)!, NotPermitted);
}
