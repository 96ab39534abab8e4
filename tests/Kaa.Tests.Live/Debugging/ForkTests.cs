using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Which process is debugged after a fork, and that the other one goes on with its own bytes.</summary>
public sealed class ForkTests
{
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
        string program = libraries.Compile("vforks", """
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
            """);
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

    [Theory]
    [InlineData("set detach-on-fork off", "one process at a time")]
    [InlineData("set follow-fork-mode both", "parent, child")]
    public void Two_at_once_are_refused(string line, string why)
    {
        KaaResult result = Debug(["/bin/true"], line);
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain(why);
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
