using System.Runtime.Versioning;
using Kaa.Doctor.Checks;
using Kaa.Results;
using Kaa.Tests.Unit.Linux;

namespace Kaa.Tests.Unit.Doctor;

[SupportedOSPlatform("linux")]
public sealed class CoreDumpCheckTests : IDisposable
{
    private readonly FakeProc _proc = new();
    private readonly string _root = Directory.CreateTempSubdirectory("kaa-root-").FullName;

    public CoreDumpCheckTests()
    {
        _proc.Process(10).Link("10/root", _root).Link("10/cwd", _root + "/work");
        Directory.CreateDirectory(_root + "/work");
        File.SetUnixFileMode(_root + "/work", (UnixFileMode)0x1ff);
        Limits("unlimited", "unlimited");
        Pattern("core");
        _proc.Write(10, "coredump_filter", "00000033\n");
    }

    public void Dispose()
    {
        _proc.Dispose();
        Directory.Delete(_root, true);
    }

    [Fact]
    public void Where_nothing_stands_in_the_way_the_place_is_told()
    {
        Finding finding = Findings().ShouldHaveSingleItem();
        (finding.Code, finding.Severity, finding.Subject).ShouldBe(("core-place", Severity.Ok, "/work"));
        finding.Title.ShouldContain("/work/core");
        finding.Evidence.ShouldContain("the name has no pid (%p): the next crash there overwrites it");
    }

    [Theory]
    [InlineData("unlimited", "prlimit --pid 10 --core=unlimited")]
    [InlineData("0", "sudo prlimit --pid 10 --core=unlimited:unlimited")]
    public void A_limit_of_zero_and_what_lifts_it(string hard, string remedy)
    {
        Limits("0", hard);
        Finding finding = Findings().Of("core-limit");
        finding.Evidence[0].ShouldBe($"Max core file size: soft 0, hard {hard}");
        finding.Remedy[0].ShouldBe(remedy);
        Findings().Of("core-place").Severity.ShouldBe(Severity.Info);
    }

    [Fact]
    public void A_limit_below_what_is_in_memory_would_cut_the_core()
    {
        _proc.Write(10, "status", FakeProc.Status(10) + "VmRSS:\t  2048 kB\n");
        Limits("1048576", "unlimited");
        Findings().Of("core-limit").Title.ShouldContain("cut short");
        Limits("4194304", "unlimited");
        Findings().ShouldLack("core-limit");
    }

    [Fact]
    public void A_directory_that_it_may_not_write_to()
    {
        File.SetUnixFileMode(_root + "/work", (UnixFileMode)0x16d);
        Finding finding = Findings().Of("core-directory");
        finding.Evidence.ShouldContain(line => line.StartsWith("/work: mode 555", StringComparison.Ordinal));
        finding.Subject.ShouldBe("/work");
    }

    [Fact]
    public void An_absolute_pattern_is_looked_up_in_the_process_s_own_root()
    {
        Pattern("/var/crash/core.%p");
        Findings().Of("core-directory").Evidence.ShouldContain("/var/crash: no such directory");
        Directory.CreateDirectory(_root + "/var/crash");
        File.SetUnixFileMode(_root + "/var/crash", (UnixFileMode)0x1ff);
        Findings().ShouldHaveSingleItem().Title.ShouldContain("/var/crash/core.%p");
    }

    [Fact]
    public void A_handler_that_does_not_exist()
    {
        Pattern("|/nowhere/handler %p");
        Findings().Of("core-handler").Subject.ShouldBe("/nowhere/handler");
        Pattern("|/bin/sh %p");
        Findings().ShouldLack("core-handler");
    }

    [Theory]
    [InlineData("00000032", Severity.Warning)]
    [InlineData("00000023", Severity.Warning)]
    [InlineData("00000031", Severity.Info)]
    public void A_filter_that_leaves_out_what_is_needed(string filter, Severity severity)
    {
        _proc.Write(10, "coredump_filter", filter + "\n");
        Findings().Of("core-filter").Severity.ShouldBe(severity);
    }

    [Fact]
    public void A_file_size_limit_below_what_is_in_memory()
    {
        _proc.Write(10, "status", FakeProc.Status(10) + "VmRSS:\t  2048 kB\n");
        _proc.Write(10, "limits", "Max file size             1024                 1024                 bytes     \nMax core file size        unlimited            unlimited            bytes     \n");
        Findings().Of("core-file-size").Evidence.ShouldBe(["Max file size: soft 1024, hard 1024"]);
    }

    private IReadOnlyList<Finding> Findings() => new CoreDumpCheck().Findings(_proc);

    private void Pattern(string pattern) => _proc.Write("sys/kernel/core_pattern", pattern + "\n");

    private void Limits(string soft, string hard) => _proc.Write(
        10, "limits", $"Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        {soft,-20} {hard,-20} bytes     \n");
}
