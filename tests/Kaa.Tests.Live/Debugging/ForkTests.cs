using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Which process is debugged after a fork, and that the other one goes on with its own bytes.</summary>
public sealed class ForkTests
{
    private const string VForks = """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <sys/stat.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main(void)
        {
            int status;
            pid_t child = vfork();
            if (child == 0) {
                mkdirat(-1, "x", 0);
                execl("/bin/sh", "sh", "-c", "exit 9", (char *)0);
                _exit(1);
            }
            waitpid(child, &status, 0);
            mkdirat(-1, "x", 0);
            printf("parent %d\n", WEXITSTATUS(status));
            return 3;
        }
        """;

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void The_parent_is_followed_and_the_child_is_not_stopped(string name)
    {
        using var program = new RunningFixture(Interpreters.Named(name), "forks.py");
        KaaResult result = Debug(program.Command, "break mkdir if $_regex((char*) $rdi, \"kaa-\")", "run", "py-bt", "x/s $rdi", "continue");
        result.Output.ShouldContain("\"/nowhere/kaa-parent\"", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain(", in make\n");
        ShouldHaveEnded(result, 6, "06");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void The_child_is_followed_and_the_parent_is_not_stopped(string name)
    {
        using var program = new RunningFixture(Interpreters.Named(name), "forks.py");
        KaaResult result = Debug(program.Command, "set follow-fork-mode child", "break mkdir if $_regex((char*) $rdi, \"kaa-\")", "run", "py-bt", "x/s $rdi", "stepi", "finish", "continue");
        result.Output.ShouldContain("\"/nowhere/kaa-child\"", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain(" fork to child process ");
        result.Output.ShouldContain(", in make\n");
        result.Output.ShouldContain("Value returned is $1 = ");
        ShouldHaveEnded(result, 5, "05");
    }

    /// <summary>Newer ones use vfork for it, older ones fork.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void The_program_that_a_child_runs_is_followed(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        string[] command = [.. interpreter.Launch, "-c", "import subprocess, sys; sys.stdout.write('saw %d\\n' % subprocess.call(['/bin/sh', '-c', 'exit 7'])); sys.stdout.flush()"];
        KaaResult result = Debug(command, "set follow-fork-mode child", "break _exit", "run", "info symbol $pc", "p $rdi", "continue");
        result.Output.ShouldContain("is executing new program", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain("_exit in section .text of ");
        result.Output.ShouldContain("$1 = 7\n");
        result.Output.ShouldContain("exited with code 07");
        result.Exit.ShouldBe(7);
    }

    [Fact]
    public void A_child_of_vfork_has_none_of_the_breakpoints_before_it_runs_its_program()
    {
        using var libraries = new CompiledLibraries();
        string program = libraries.Compile("vforks", VForks);
        KaaResult parent = Debug([program], "start", "break mkdirat", "continue", "continue");
        parent.Output.ShouldContain("Breakpoint 2, ", Case.Sensitive, parent.Output + parent.Error);
        parent.Output.ShouldContain("parent 9");
        parent.Exit.ShouldBe(3);
        KaaResult child = Debug([program], "start", "set follow-fork-mode child", "break mkdirat", "tbreak _exit", "continue", "info inferiors", "continue");
        child.Output.ShouldContain(" vfork to child process ", Case.Sensitive, child.Output + child.Error);
        child.Output.ShouldContain("Temporary breakpoint 3, ");
        child.Output.ShouldNotContain("\nBreakpoint 2, ");
        child.Exit.ShouldBe(9);
    }

    [Fact]
    public void A_process_of_a_fork_that_does_not_run_is_refused()
    {
        KaaResult result = Debug(["/bin/true"], "set detach-on-fork off");
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("set follow-fork-mode both");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Both_are_followed_and_a_hit_tells_which(string name)
    {
        using var program = new RunningFixture(Interpreters.Named(name), "forks.py");
        string[] look = ["info inferiors", "x/s $rdi", "py-bt"];
        KaaResult result = Debug(program.Command, ["set follow-fork-mode both", "break mkdir if $_regex((char*) $rdi, \"kaa-\")", "run", .. look, "continue", .. look, "continue"]);
        string said = result.Output + result.Error;
        Regex.IsMatch(said, "\n  1    process .*\n\\* 2    process .*\n0x.*\"/nowhere/kaa-child\"\n").ShouldBeTrue(said);

        // By then its child may have ended.
        Regex.IsMatch(said, "\n\\* 1    process .*\n(  2    process .*\n)?0x.*\"/nowhere/kaa-parent\"\n").ShouldBeTrue(said);
        said.ShouldContain("\nThread 2.1 \"", Case.Sensitive, said);
        Regex.Count(said, ", in make\n").ShouldBe(2, said);
        ShouldHaveEnded(result, 6, "06");
        result.Output.ShouldContain("[Inferior 2 (process ");
        result.Output.ShouldContain("exited with code 05]");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Both_go_on_with_their_own_bytes_when_they_are_let_go(string name)
    {
        using PythonChild parent = PythonChild.Start(Interpreters.Named(name), "twins.py");
        using var session = new OpenSession(parent, withErrors: true);
        int child = HoldBoth(session, parent);
        session.Ask("delete").ShouldNotContain("error");
        session.Quit().ShouldBe(0);
        ShouldBothGoOn(parent, child, detached => detached.Output.ShouldContain("0 places of code restored"));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Both_go_on_when_Kaa_is_killed(string name)
    {
        using PythonChild parent = PythonChild.Start(Interpreters.Named(name), "twins.py");
        using var session = new OpenSession(parent, withErrors: true);
        int child = HoldBoth(session, parent);
        session.Kill();
        ShouldBothGoOn(parent, child, detached => detached.Exit.ShouldBe(0));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void One_of_them_can_be_let_go_and_the_other_is_debugged_on(string name)
    {
        using PythonChild parent = PythonChild.Start(Interpreters.Named(name), "twins.py");
        using var session = new OpenSession(parent, withErrors: true);
        int child = HoldBoth(session, parent);
        session.Ask("inferior 1").ShouldContain("[Switching to inferior 1 [process ");
        session.Ask("detach").ShouldContain("[Inferior 1 (process ");
        session.Ask("info inferiors").ShouldContain($"* 2    process {child}");
        session.Ask("x/s $rdi").ShouldContain("kaa-child");
        session.Ask("continue").ShouldContain("hit Breakpoint 1, ");
        session.Ask("x/s $rdi").ShouldContain("kaa-child");
        session.Quit().ShouldBe(0);
        parent.ReadUntil("worked").ShouldBe("right");
        ShouldBothWork(parent);
    }

    /// <summary>Whoever sleeps when its process is let go can be let go only when it wakes up.</summary>
    [Fact]
    public void Threads_of_a_parent_that_was_let_go_get_their_signals()
    {
        using PythonChild parent = PythonChild.Start(Interpreters.Named("3.11.7"), "twins.py");
        using var session = new OpenSession(parent, withErrors: true);
        session.Ask("set follow-fork-mode child");
        session.Ask("break mkdir if $_regex((char*) $rdi, \"kaa-\")").ShouldContain("Breakpoint 1 at ");
        session.Say("continue");
        parent.WriteLine("fork");
        _ = parent.ReadUntil("forked");
        parent.WriteLine("poke");
        parent.ReadUntil("poked").ShouldBe("");
        parent.WriteLine("work");
        session.Ask("x/s $rdi").ShouldContain("kaa-child");
        session.Ask("delete");
        session.Quit().ShouldBe(0);
        parent.ReadUntil("worked").ShouldBe("right");
        ShouldBothWork(parent);
    }

    [Fact]
    public void A_child_of_vfork_is_followed_beside_its_parent()
    {
        using var libraries = new CompiledLibraries();
        string program = libraries.Compile("vforks", VForks);
        KaaResult both = Debug([program], "start", "set follow-fork-mode both", "break mkdirat", "tbreak _exit", "continue", "info inferiors", "continue", "info inferiors", "continue");
        string said = both.Output + both.Error;
        int exit = said.IndexOf("Thread 2.1 \"sh\" hit Temporary breakpoint 3, ", StringComparison.Ordinal);
        int parent = said.IndexOf("Breakpoint 2, ", StringComparison.Ordinal);
        exit.ShouldBePositive(said);
        parent.ShouldBeGreaterThan(exit, said);
        said[exit..parent].ShouldContain("\n* 2    process ");
        said.ShouldContain("[Inferior 2 (process ");
        said.ShouldContain("parent 9");
        both.Exit.ShouldBe(3);
    }

    /// <summary>Both stand at a breakpoint, the child is the selected one.</summary>
    private static int HoldBoth(OpenSession session, PythonChild parent)
    {
        session.Ask("set follow-fork-mode both");
        session.Ask("break mkdir if $_regex((char*) $rdi, \"kaa-\")").ShouldContain("Breakpoint 1 at ");
        session.Say("continue");
        parent.WriteLine("fork");
        int child = int.Parse(parent.ReadUntil("forked"), CultureInfo.InvariantCulture);
        parent.WriteLine("work");
        string told = session.Ask("x/s $rdi");
        told.ShouldContain("kaa-parent", Case.Sensitive, told);
        session.Ask("continue").ShouldContain("hit Breakpoint 1, ");
        session.Ask("x/s $rdi").ShouldContain("kaa-child");
        string threads = session.Ask("info threads");
        threads.ShouldContain($"  1.1  Thread 0x");
        threads.ShouldContain($"* 2.1  Thread 0x");
        threads.ShouldContain($"(LWP {child}) ");
        session.Ask("thread 1.1").ShouldContain("[Switching to thread 1.1 (");
        session.Ask("py-bt").ShouldContain(", in work\n");
        session.Ask("thread apply all -q info program").ShouldContain($"process {child}.");
        session.Ask("inferior 2").ShouldContain($"[Switching to inferior 2 [process {child}]");
        return child;
    }

    /// <summary>Kaa has left them: they end what they were at, and what it may have left in them is taken away.</summary>
    private static void ShouldBothGoOn(PythonChild parent, int child, Action<KaaResult> detached)
    {
        parent.ReadUntil("worked").ShouldBe("right");
        foreach (int pid in (int[])[parent.Pid, child])
            detached(Harness.Kaa.Run("detach", pid.ToString(CultureInfo.InvariantCulture)));
        ShouldBothWork(parent);
    }

    private static void ShouldBothWork(PythonChild parent)
    {
        parent.WriteLine("work");
        parent.ReadUntil("worked").ShouldBe("right");
        parent.WriteLine("end");
        parent.ReadUntil("ended").ShouldBe("5");
        parent.WaitForExit().ShouldBe(0);
    }

    private static void ShouldHaveEnded(KaaResult result, int exit, string octal)
    {
        result.Output.ShouldContain($"exited with code {octal}", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain("child right");
        result.Exit.ShouldBe(exit);
    }

    private static KaaResult Debug(IReadOnlyList<string> command, params string[] lines) =>
        Harness.Kaa.Run(["debug", "--batch", .. lines.SelectMany(line => new[] { "-ex", line }), "--", .. command]);
}
