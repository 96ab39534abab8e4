using System.Text;
using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class StatusParserTests
{
    private const string Sample =
        "Name:\tpython3\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t10\nNgid:\t0\nPid:\t11\nPPid:\t1\nTracerPid:\t77\n" +
        "Uid:\t1000\t1001\t1002\t4294967295\nGid:\t5\t6\t7\t8\nFDSize:\t256\nGroups:\t \nNStgid:\t10\t1\nNSpid:\t11\t2\n" +
        "VmRSS:\t    1608 kB\nThreads:\t12\nSigQ:\t0/96365\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000000002\n" +
        "SigBlk:\tfffffffe7ffbfeff\nSigIgn:\t0000000001001000\nSigCgt:\t0000000000000002\nCapInh:\t0000000000000000\n" +
        "CapPrm:\t000001fffeffffff\nCapEff:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n" +
        "x86_Thread_features:\tshstk wrss \nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";

    [Fact]
    public void Every_wanted_key_is_read()
    {
        ProcessStatus status = Parse(Sample);
        status.Name.ShouldBe("python3");
        status.State.ShouldBe('S');
        status.ThreadGroup.ShouldBe(10);
        status.Pid.ShouldBe(11);
        status.ParentPid.ShouldBe(1);
        status.TracerPid.ShouldBe(77);
        status.Uid.ShouldBe(new Credential(1000, 1001, 1002, uint.MaxValue));
        status.Gid.ShouldBe(new Credential(5, 6, 7, 8));
        status.NamespaceThreadGroups.ShouldBe([10, 1]);
        status.NamespacePids.ShouldBe([11, 2]);
        status.ResidentSize.ShouldBe(1608ul * 1024);
        status.Threads.ShouldBe(12);
        status.NoNewPrivileges.ShouldBe(true);
        status.Seccomp.ShouldBe(SeccompMode.Filter);
        status.ShadowStack.ShouldBeTrue();
    }

    [Fact]
    public void Masks_and_counters_are_read()
    {
        ProcessStatus status = Parse(Sample);
        status.PendingSignals.ShouldBe(1ul);
        status.SharedPendingSignals.ShouldBe(2ul);
        status.BlockedSignals.ShouldBe(0xfffffffe7ffbfefful);
        status.IgnoredSignals.ShouldBe(0x1001000ul);
        status.CaughtSignals.ShouldBe(2ul);
        status.PermittedCapabilities.ShouldBe(0x1fffefffffful);
        status.EffectiveCapabilities.ShouldBe(0x400ul);
        status.VoluntaryContextSwitches.ShouldBe(150ul);
        status.InvoluntaryContextSwitches.ShouldBe(545ul);
    }

    [Fact]
    public void What_an_old_kernel_does_not_say_is_null_and_not_zero()
    {
        ProcessStatus status = Parse("Name:\tx\nPid:\t3\n");
        status.NoNewPrivileges.ShouldBeNull();
        status.Seccomp.ShouldBeNull();
        status.VoluntaryContextSwitches.ShouldBeNull();
        status.NamespacePids.ShouldBeEmpty();
        status.ResidentSize.ShouldBeNull();
    }

    [Fact]
    public void A_name_is_unescaped() => Parse("Name:\ta\\nb\\\\n\nPid:\t3\n").Name.ShouldBe("a\nb\\n");

    [Fact]
    public void Context_switches_alone_are_the_same()
    {
        StatusParser.ContextSwitches(Encoding.UTF8.GetBytes(Sample)).ShouldBe((150ul, 545ul));
        StatusParser.ContextSwitches("Name:\tx\n"u8).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("Name:\tx\n")]
    [InlineData("Pid:\tx\n")]
    [InlineData("Pid:\t1\nUid:\t1\t2\n")]
    [InlineData("Pid:\t1\nUid:\t1\t2\t3\t4294967296\n")]
    [InlineData("Pid:\t1\nSigBlk:\tz\n")]
    [InlineData("Pid:\t1\nState:\n")]
    public void A_wrong_text_is_bad_data(string text) => Should.Throw<BadData>(() => Parse(text));

    [Fact]
    public void This_very_process_is_read()
    {
        byte[] text = File.ReadAllBytes("/proc/self/status");
        ProcessStatus status = StatusParser.Parse(text);
        status.Pid.ShouldBe(Environment.ProcessId);
        status.NamespacePids[0].ShouldBe(Environment.ProcessId);
        status.Seccomp.ShouldNotBeNull();
        StatusParser.ContextSwitches(text).ShouldBe((status.VoluntaryContextSwitches!.Value, status.InvoluntaryContextSwitches!.Value));
    }

    private static ProcessStatus Parse(string text) => StatusParser.Parse(Encoding.UTF8.GetBytes(text));
}
