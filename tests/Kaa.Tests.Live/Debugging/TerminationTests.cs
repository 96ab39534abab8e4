using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>SIGTERM, by which <c>timeout</c> and service managers end things, in the midst of a word.</summary>
public sealed class TerminationTests
{
    private const int Interrupted = 130;
    private const int Terminated = 128 + 15;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("debug", "--batch", "-ex", "break mkdir if arg1 == 12345", "-ex", "continue", "-ex", "py-bt")]
    [InlineData("trace", "--call", "mkdir")]
    public void Every_byte_is_put_back(string verb, params string[] arguments)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "maker.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        using Process kaa = Program.Start(Repository.Kaa, [verb, pid, .. arguments]);
        string? line;
        do
        {
            line = kaa.StandardOutput.ReadLine();
            line.ShouldNotBeNull();
        }
        while (!line.Contains("Continuing.", StringComparison.Ordinal) && !line.Contains("mkdir(", StringComparison.Ordinal));

        Program.Run("/bin/kill", ["-TERM", kaa.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        _ = kaa.StandardOutput.ReadToEnd();
        kaa.WaitForExit(Patience).ShouldBeTrue();
        kaa.ExitCode.ShouldBe(Interrupted);
        Harness.Kaa.Run("detach", pid).Output.ShouldContain("0 places of code restored");
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
    }

    /// <summary>It is meant for the program, whose status is Kaa's.</summary>
    [Fact]
    public void A_program_that_was_started_to_be_traced_gets_it()
    {
        using Process kaa = Program.Start(Repository.Kaa, ["trace", "--syscall", "clock_nanosleep", "--", .. Interpreters.Any.Launch, "-c", "import time\nwhile True: time.sleep(0.01)"]);
        kaa.StandardOutput.ReadLine().ShouldNotBeNull();
        Program.Run("/bin/kill", ["-TERM", kaa.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        _ = kaa.StandardOutput.ReadToEnd();
        kaa.WaitForExit(Patience).ShouldBeTrue();
        kaa.ExitCode.ShouldBe(Terminated);
    }
}
