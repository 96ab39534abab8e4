using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>A signal that is ignored does not even wake a thread, but for one that is traced: its call must not be seen to end by that.</summary>
public sealed class IgnoredSignalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public void Children_that_end_while_it_is_debugged_interrupt_no_call()
    {
        // Later ones make a call again that has given EINTR (PEP 475).
        using PythonChild child = PythonChild.Start(Interpreters.Named("2.7.18"), "light_sleepers.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        using Process kaa = Program.Start(Repository.Kaa, ["debug", pid, "--batch", "-ex", "handle all nostop noprint pass", "-ex", "continue"]);
        string? line;
        do
        {
            line = kaa.StandardOutput.ReadLine();
            line.ShouldNotBeNull();
        }
        while (!line.Contains("Continuing.", StringComparison.Ordinal));

        child.WriteLine("children");
        child.ReadUntil("children").ShouldBe("0 []");
        Program.Run("/bin/kill", ["-TERM", kaa.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        _ = kaa.StandardOutput.ReadToEnd();
        kaa.WaitForExit(Patience).ShouldBeTrue();
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("0 []");
    }
}
