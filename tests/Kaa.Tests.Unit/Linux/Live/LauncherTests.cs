using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>Programs that are started under Kaa's eyes.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class LauncherTests
{
    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("test \"$(ps -o pid= --ppid $$ | wc -l)\" -ge 0", 0)]
    public void A_program_is_held_at_its_first_instruction_and_ends_with_its_own_status(string script, int expected)
    {
        int exit = -1;
        OnTracer(() =>
        {
            int pid = Launcher.Start(new LaunchRequest(["sh", "-c", script], OwnGroup: true), 0);
            File.ReadAllText($"/proc/{pid}/maps").ShouldNotContain("libc");
            File.ReadAllText($"/proc/{pid}/comm").Trim().ShouldBe("sh");
            PTrace.Continue(pid, 0).ShouldBeTrue();
            exit = RunToEnd(pid);
        });
        exit.ShouldBe(expected);
    }

    [Fact]
    public void Nothing_of_Kaas_is_left_in_it()
    {
        OnTracer(() =>
        {
            int pid = Launcher.Start(new LaunchRequest(["sleep", "1000"], OwnGroup: true), 0);
            string[] descriptors = [.. Directory.GetFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget!)];
            descriptors.ShouldNotContain(target => target.Contains("kaa-start", StringComparison.Ordinal));
            File.ReadAllBytes($"/proc/{pid}/environ").ShouldBe(File.ReadAllBytes("/proc/self/environ"));
            string status = File.ReadAllText($"/proc/{pid}/status");
            ulong ignored = ulong.Parse(status.Split("SigIgn:\t")[1].Split('\n')[0], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            (ignored & 1ul << 12).ShouldBe(0ul);
            status.ShouldContain("SigBlk:\t0000000000000000");
            Kill(pid);
        });
    }

    [Fact]
    public void Its_libraries_are_loaded_where_it_is_brought_to_and_its_constructors_have_not_run()
    {
        OnTracer(() =>
        {
            int pid = Launcher.Start(new LaunchRequest(["sleep", "1000"], OwnGroup: true), PTrace.MarkCalls);
            StartUp.RunToLoaded(ProcRoot.System, pid).ShouldBeNull();
            File.ReadAllText($"/proc/{pid}/maps").ShouldContain("libc");
            File.ReadAllText($"/proc/{pid}/maps").ShouldNotContain("[heap]");
            Kill(pid);
        });
    }

    [Theory]
    [InlineData("/nowhere/program", ProgramFile.NotFound)]
    [InlineData("no-such-program-anywhere", ProgramFile.NotFound)]
    [InlineData("/tmp", ProgramFile.NotExecutable)]
    [InlineData("/etc/passwd", ProgramFile.NotExecutable)]
    public void What_can_not_be_run_is_told(string program, string code)
    {
        OnTracer(() => Should.Throw<UserError>(() => Launcher.Start(new LaunchRequest([program], OwnGroup: true), 0)).Code.ShouldBe(code));
    }

    [Fact]
    public void A_script_without_its_first_line_is_given_to_the_shell()
    {
        string script = Path.GetTempFileName();
        File.WriteAllText(script, "exit 5\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        int exit = -1;
        OnTracer(() =>
        {
            int pid = Launcher.Start(new LaunchRequest([script], OwnGroup: true), 0);
            PTrace.Continue(pid, 0).ShouldBeTrue();
            exit = RunToEnd(pid);
        });
        File.Delete(script);
        exit.ShouldBe(5);
    }

    private static void OnTracer(Action action) => TracerThread.Run(action, () => { });

    private static int RunToEnd(int pid)
    {
        while (true)
        {
            WaitStatus status = StartUp.Await(pid);
            if (status.Kind == StopKind.Ended)
                return status.Exit;
            PTrace.Continue(pid, status.SignalToDeliver).ShouldBeTrue();
        }
    }

    private static void Kill(int pid)
    {
        PTrace.Kill(pid).ShouldBeTrue();
        StartUp.Await(pid).Exit.ShouldBe(137);
    }
}
