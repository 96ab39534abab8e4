using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>
/// A program to which a timer sends a signal every few milliseconds: what changes a process works on it as on any other. How often calls of its other threads are interrupted is no matter of a test: on a
/// busy machine the kernel does that by itself (docs/agent.md has figures).
/// </summary>
public sealed class TimerTests
{
    [Fact]
    public void Where_a_breakpoint_was_refused_and_nothing_else_would_stop_it_a_script_does_not_let_the_process_run()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "maker.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);

        KaaResult result = Harness.Kaa.Run("debug", pid, "--batch", "-ex", "break *16", "-ex", "continue");
        result.Exit.ShouldBe(1, result.Output);
        result.Error.ShouldContain("The process is not let go on");
        result.Output.ShouldContain("goes on");
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_program_with_a_timer_takes_everything(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "ticking.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        string file = Path.Combine(Path.GetTempPath(), "kaa-timer-" + pid);
        try
        {
            for (int round = 0; round < 3; round++)
            {
                Dictionary<string, string> answers = Session.Ask(child, "break getppid", "continue", "delete", "call (int) getpid()");
                answers["break getppid"].ShouldContain("Breakpoint 1 at ");
                answers["continue"].ShouldContain("Breakpoint 1, ");
                answers["call (int) getpid()"].ShouldEndWith(" = " + pid);
                Harness.Kaa.Run("exec", pid, "6 * 7").Output.ShouldBe("42\n");
                KaaResult recorded = Harness.Kaa.Run("mem", "attach", pid, "-o", file, "--force", "--duration", "0.1");
                recorded.Exit.ShouldBe(0, recorded.Error);
            }
        }
        finally
        {
            File.Delete(file);
        }

        child.WriteLine("end");
        using JsonDocument counts = JsonDocument.Parse(child.ReadUntil("counts"));
        counts.RootElement.GetProperty("ticks").GetInt32().ShouldBeGreaterThan(0);
        foreach (JsonProperty call in counts.RootElement.GetProperty("rounds").EnumerateObject())
            call.Value.GetInt32().ShouldBeGreaterThan(0, call.Name);
    }

    /// <summary>Whoever is traced and not stopped stands still at the next signal that it gets, and an exec waits for it.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void While_its_core_is_written_nobody_is_traced_any_more(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "ticking.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        using Process kaa = Program.Start(Repository.Kaa, ["core", pid, "-o", "-"]);

        try
        {
            // There is more of it than a pipe takes, so it is at work for as long as nobody reads on.
            kaa.StandardOutput.BaseStream.ReadAtLeast(new byte[64 << 10], 4).ShouldBeGreaterThanOrEqualTo(4);
            foreach (string task in Directory.GetDirectories($"/proc/{pid}/task"))
                File.ReadAllText(task + "/status").ShouldContain("TracerPid:\t0\n");
            kaa.StandardOutput.BaseStream.CopyTo(Stream.Null);
            kaa.StandardError.ReadToEnd().ShouldContain("a copy of the process");
            kaa.WaitForExit();
        }
        finally
        {
            kaa.Kill();
        }

        child.WriteLine("end");
        child.ReadUntil("counts").ShouldContain("ticks");
    }
}
