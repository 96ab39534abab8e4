using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>What ends <c>kaa trace</c> from outside: it comes to its end in order, and the process goes on.</summary>
public sealed class EndingTraceTests
{
    private const int Terminate = 15; // SIGTERM, and the bit of SigCgt that stands for it, from 1 on
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("--syscall", "mkdir")]
    [InlineData("--call", "mkdir")]
    public void A_window_that_is_closed_ends_it_in_order(string way, string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "traced.py");
        using (var terminal = new TerminalProgram(Repository.Kaa, ["trace", Text(child.Pid), way, name]))
        {
            terminal.WaitUntil("Ctrl-C ends it");
            terminal.HangUp();

            // As after Ctrl-C; or the terminal was missed first, as a reader of its output is.
            terminal.WaitForExit().ShouldBeOneOf([130, 141]);
        }

        ShouldBeAsBefore(child);
    }

    [Theory]
    [InlineData("--syscall", "mkdir")]
    [InlineData("--call", "mkdir")]
    public void A_full_disk_ends_it_in_order(string way, string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "traced.py");
        using Process kaa = Program.Start("/bin/sh", ["-c", "exec \"$0\" trace \"$1\" \"$2\" \"$3\" > /dev/full", Repository.Kaa, Text(child.Pid), way, name]);
        kaa.StandardError.ReadLine().ShouldNotBeNull().ShouldContain("Ctrl-C ends it");
        child.WriteLine("work 5");
        child.ReadUntil("done");
        kaa.WaitForExit(Patience).ShouldBeTrue();
        kaa.ExitCode.ShouldBe(1);
        kaa.StandardError.ReadToEnd().ShouldContain("can't be written: No space left on device");
        ShouldBeAsBefore(child);
    }

    /// <summary>It may come as soon as Kaa takes it for the program's, though there is none yet.</summary>
    [Theory]
    [InlineData("trace", "--call", "mkdir")]
    [InlineData("trace", "--syscall", "mkdir")]
    [InlineData("mem")]
    public void A_termination_is_the_programs_however_early_it_comes(params string[] words)
    {
        string path = Path.Combine(Path.GetTempPath(), "kaa-terminated-" + Guid.NewGuid().ToString("N"));
        string[] way = words[0] == "mem" ? ["mem", "run", "-o", path] : words;
        using Process kaa = Program.Start(Repository.Kaa, [.. way, "--", "/bin/sleep", "30"]);
        while (!Handles(kaa.Id, Terminate))
            kaa.HasExited.ShouldBeFalse();
        Program.Run("/bin/kill", ["-TERM", Text(kaa.Id)]).Exit.ShouldBe(0);
        kaa.WaitForExit(Patience).ShouldBeTrue();
        File.Delete(path);
        kaa.ExitCode.ShouldBe(128 + Terminate);
    }

    private static void ShouldBeAsBefore(PythonChild child)
    {
        KaaResult left = Harness.Kaa.Run("detach", Text(child.Pid));
        left.Exit.ShouldBe(0, left.Error);
        left.Output.ShouldNotContain("1 places");
        File.ReadLines($"/proc/{child.Pid}/status").ShouldContain("TracerPid:\t0");
        child.WriteLine("work 5");
        child.ReadUntil("done");
    }

    private static bool Handles(int pid, int signal)
    {
        string? mask = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("SigCgt:", StringComparison.Ordinal));
        return mask is not null && (ulong.Parse(mask.Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
