using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>A signal that is ignored does not even wake a thread, but for one that is traced: its call must not be seen to end by that.</summary>
public sealed class IgnoredSignalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // So many that without what Kaa does about it there are more than twenty interruptions.
    private const int Children = 600;
    private const int ChildrenOfDebugged = 1_800;

    // A child may end in the two microseconds between Kaa's last question and its letting the thread go on (docs/torture.md): 0.3 of them in a run.
    private const int MostRaces = 4;

    private readonly Cores _cores = new();

    public void Dispose() => _cores.Dispose();

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

        child.WriteLine($"children {ChildrenOfDebugged}");
        Interrupted(child.ReadUntil("rest")).ShouldBeLessThanOrEqualTo(MostRaces);
        Program.Run("/bin/kill", ["-TERM", kaa.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        _ = kaa.StandardOutput.ReadToEnd();
        kaa.WaitForExit(Patience).ShouldBeTrue();
        child.WriteLine("report");
        Interrupted(child.ReadUntil("report")).ShouldBeLessThanOrEqualTo(MostRaces);
    }

    /// <summary>While a thread is stopped the ends of its children wake others, which sleep on.</summary>
    [Theory]
    [InlineData("bt")]
    [InlineData("core")]
    public async Task Children_that_end_while_their_parent_is_looked_at_interrupt_no_call(string word)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named("2.7.18"), "light_sleepers.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        child.WriteLine($"children {Children}");
        Task<string> rest = Task.Run(() => child.ReadUntil("rest"));
        int looks = 0;
        for (; !rest.IsCompleted; looks++)
            _ = Harness.Kaa.Run(word == "bt" ? ["bt", pid] : ["core", pid, "-o", Path.Combine(_cores.Directory, "core"), "--force"]);
        looks.ShouldBeGreaterThan(1);
        Interrupted(await rest).ShouldBeLessThanOrEqualTo(MostRaces);
    }

    private static int Interrupted(string told) => int.Parse(told.Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Whoever is left asleep in a stop is woken by it, and nobody goes on to see how.</summary>
    [Fact]
    public void One_that_comes_while_the_process_stands_still_interrupts_no_call_when_Kaa_is_killed()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named("2.7.18"), "light_sleepers.py");
        using var session = new OpenSession(child);
        int stopped = Stopped(child).Count;
        Program.Run("/bin/kill", ["-CHLD", child.Pid.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        var clock = Stopwatch.StartNew();
        List<string> now;
        do
        {
            clock.Elapsed.ShouldBeLessThan(Patience, "nobody was woken, or his call was not repaired");
            System.Threading.Thread.Yield();
            now = Stopped(child);
        }
        while (now.Count == stopped || now.Exists(task => !IsRepaired(task)));

        session.Kill();
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("0 []");
    }

    private static List<string> Stopped(PythonChild child) =>
        [.. Directory.GetDirectories($"/proc/{child.Pid}/task").Where(task => File.ReadAllText(task + "/status").Contains("State:\tt", StringComparison.Ordinal))];

    /// <summary>It is in no call that could end: it makes it anew.</summary>
    private static bool IsRepaired(string task) => !SleepsInPoll(File.ReadAllText(task + "/syscall"));

    private static bool SleepsInPoll(string call) => call.StartsWith("232 ", StringComparison.Ordinal) || call.StartsWith("281 ", StringComparison.Ordinal); // epoll_wait, epoll_pwait
}
