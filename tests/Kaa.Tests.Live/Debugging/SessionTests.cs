using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>What a session does to its process, and how scripts end.</summary>
public sealed class SessionTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void A_process_stands_still_while_it_is_asked_and_goes_on_afterwards(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "debugged.py");
        using (var session = new OpenSession(child))
        {
            StatesOf(child).ShouldAllBe(state => state == 't');
            session.Ask("info threads").ShouldContain("Thread ");
            child.WriteLine("while it stood");
            session.Ask("detach").ShouldContain("detached");
            child.ReadUntil("went").ShouldBe("on while it stood");
            session.Quit().ShouldBe(0);
        }

        StatesOf(child).ShouldAllBe(state => state != 't');
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void A_process_goes_on_when_Kaa_is_killed(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "debugged.py");
        using var session = new OpenSession(child);
        session.Ask("py-bt").ShouldContain(", in inner");
        session.Kill();
        child.WriteLine("without a debugger");
        child.ReadUntil("went").ShouldBe("on without a debugger");
    }

    [Fact]
    public void A_process_that_is_killed_while_it_is_held_ends_no_session()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        using var session = new OpenSession(child);
        session.Ask("py-bt").ShouldContain(", in inner");

        // Its parent is told of its end only once its tracer knows.
        Program.Run("/bin/kill", ["-KILL", Pid(child)]).Exit.ShouldBe(0);
        session.Ask("bt");
        session.Ask("info threads");
        session.Ask("x/2gx 0x1000");
        session.Ask("detach").ShouldContain("detached");
        session.Ask("p 6 * 7").ShouldContain("$1 = 42");
        session.Quit().ShouldBe(0);
    }

    [Fact]
    public void Two_sessions_can_not_hold_one_process()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        using var session = new OpenSession(child);
        KaaResult second = Harness.Kaa.Run("debug", Pid(child), "--batch", "-ex", "py-bt");
        second.Exit.ShouldBe(1);
        second.Error.ShouldContain("is traced by process");
        session.Ask("p 1").ShouldContain("= 1");
    }

    [Fact]
    public void A_script_ends_at_its_first_mistake()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        string script = Path.Combine(Path.GetTempPath(), "kaa-script-" + Guid.NewGuid().ToString("N"));
        try
        {
            File.WriteAllText(script, "# a comment\n\nset pagination off\necho first\\n\nnonsense\necho second\\n\n");
            KaaResult result = Harness.Kaa.Run("debug", Pid(child), "--batch", "-x", script);
            result.Exit.ShouldBe(1);
            result.Output.ShouldContain("first\n");
            result.Output.ShouldNotContain("second");
            result.Error.ShouldContain($"{script}:5: Error in sourced command file:");
            result.Error.ShouldContain("Undefined command: \"nonsense\".  Try \"help\".");
            File.WriteAllText(script, "p 20 + 1\nsource " + script + ".more\n");
            File.WriteAllText(script + ".more", "p $ * 2\nquit 7\np 1\n");
            result = Harness.Kaa.Run("debug", Pid(child), "--batch", "-x", script);
            result.Exit.ShouldBe(7, result.Error);
            result.Output.ShouldContain("$1 = 21\n$2 = 42\n");
            result.Output.ShouldNotContain("$3");
        }
        finally
        {
            File.Delete(script);
            File.Delete(script + ".more");
        }
    }

    [Theory]
    [InlineData("py-btt", "did you mean py-bt?")]
    [InlineData("p nowhere_at_all", "No symbol \"nowhere_at_all\" in current context.")]
    [InlineData("x/x 0", "Cannot access memory at address 0x0")]
    [InlineData("frame 9999", "No frame at level 9999.")]
    [InlineData("thread 99", "Unknown thread 99.")]
    [InlineData("py-print nothing", "'nothing' not found")]
    [InlineData("info symbol", "Argument required")]
    [InlineData("set nonsense 1", "No symbol \"nonsense\" in current context.")]
    [InlineData("shell ls", "Kaa starts no shell.")]
    [InlineData("python print(1)", "Python")]
    [InlineData("watch x", "watch is not supported.")]
    [InlineData("catch syscall open", "kaa trace --syscall")]
    [InlineData("display/i $pc", "commands N")]
    [InlineData("call nowhere_at_all(1)", "No symbol \"nowhere_at_all\" in current context.")]
    public void A_mistake_is_told_with_what_to_do(string line, string expected)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        KaaResult result = Harness.Kaa.Run("debug", Pid(child), "--batch", "-ex", line);
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain(expected);
    }

    [Fact]
    public void A_name_that_several_modules_define_lists_every_one()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        Dictionary<string, string> answers = Session.Ask(child, "info address _init", "info address libc.so.6!malloc", "info functions ^PyLong_FromLong$", "info sharedlibrary libc");
        answers["info address _init"].Split('\n').Length.ShouldBeGreaterThan(1);
        answers["info address libc.so.6!malloc"].ShouldContain("libc.so.6)");
        answers["info functions ^PyLong_FromLong$"].ShouldContain("  PyLong_FromLong");
        answers["info sharedlibrary libc"].ShouldContain("libc.so.6");
    }

    [Fact]
    public void Threads_are_found_selected_and_named()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        using JsonDocument truth = child.ReadyJson();
        Dictionary<string, string> answers = Session.Ask(child, "thread", "thread find beside", "thread 2", "thread name workhorse", "info threads", "py-bt", "thread apply 1 -q p $_thread");
        answers["thread"].ShouldStartWith("[Current thread is 1 (Thread 0x");
        answers["thread find beside"].ShouldBe("Thread 2 has Python's name 'beside'");
        answers["thread 2"].ShouldStartWith("[Switching to thread 2 (Thread 0x");
        answers["info threads"].ShouldContain("\"workhorse\"");
        answers["info threads"].Split('\n').ShouldContain(line => line.StartsWith("* 2 ", StringComparison.Ordinal));
        answers["py-bt"].ShouldContain(", in beside");
        answers["thread apply 1 -q p $_thread"].ShouldEndWith(" = 1");
    }

    [Fact]
    public void Lines_are_typed_edited_completed_and_remembered()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        string home = Directory.CreateTempSubdirectory("kaa-home-").FullName;
        try
        {
            ProgramResult result = Program.Run(Interpreters.Any.Launch[0], [.. Interpreters.Any.Launch[1..], Repository.Fixture("typed.py"), Repository.Kaa, Pid(child), home]);
            result.Output.ShouldBe("ok\n", result.Error);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public void A_core_of_the_process_as_it_stands_shows_the_same_moment()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        string core = Path.Combine(Path.GetTempPath(), "kaa-gcore-" + Guid.NewGuid().ToString("N"));
        try
        {
            Dictionary<string, string> live = Session.Ask(child, "py-bt", "info threads", "p $rsp", "gcore " + core);
            live["gcore " + core].ShouldBe("Saved corefile " + core);
            Dictionary<string, string> dead = Session.Ask(core, "py-bt", "info threads", "p $rsp");
            foreach (string word in dead.Keys.Where(live.ContainsKey))
                dead[word].ShouldBe(live[word], word);
            child.WriteLine("after its core");
            child.ReadUntil("went").ShouldBe("on after its core");
        }
        finally
        {
            File.Delete(core);
        }
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<char> StatesOf(PythonChild child)
    {
        foreach (string task in Directory.GetDirectories($"/proc/{Pid(child)}/task"))
        {
            string stat = File.ReadAllText(task + "/stat");
            yield return stat[stat.LastIndexOf(')') + 2];
        }
    }
}
