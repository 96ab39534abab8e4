using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Functions of the process that a session calls: what comes back, what is refused, and that the thread is where it was afterwards, whoever dies meanwhile.</summary>
public sealed class CallTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Results_come_back_and_nothing_is_left(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        using (var session = new OpenSession(child))
        {
            session.Ask("break mkdir");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            string stack = session.Ask("bt");
            string registers = session.Ask("info registers");
            string[] code = Code(child);
            session.Ask("call getpid()").ShouldBe($"$1 = {child.Pid}\n");
            session.Ask("p (int) getpid() + 1").ShouldBe($"$2 = {child.Pid + 1}\n");
            session.Ask("call strlen(\"five characters\")").ShouldBe("$3 = 15\n");
            session.Ask("p ((double (*)(double)) sqrt)(2.25)").ShouldBe("$4 = 1.5\n");
            session.Ask("call close(-1)").ShouldBe("$5 = -1\n");
            session.Ask("p $_errno").ShouldBe("$6 = 9\n", "EBADF");
            string opened = session.Ask("call dlopen(\"libnowhere.so\", 2)");
            opened.ShouldMatch("(?s)^dlerror: \".*libnowhere\\.so.*\"\n\\$7 = \\(void \\*\\) 0x0\n$");
            session.Ask("bt").ShouldBe(stack);
            session.Ask("info registers").ShouldBe(registers);
            Code(child).ShouldBe(code);
            session.Quit().ShouldBe(0);
        }

        ShouldBeRight(child);
    }

    /// <summary>The thread waits in a system call, which goes on afterwards as if nothing had been.</summary>
    [Theory]
    [InlineData("doze")]
    [InlineData("doze_in_c")]
    [InlineData("wait_select")]
    [InlineData("wait_epoll")]
    [InlineData("wait_read")]
    [InlineData("wait_lock")]
    [InlineData("wait_event")]
    public void A_thread_that_waits_goes_on_waiting(string state)
    {
        foreach (string name in new[] { "2.7.18", "3.11.7", "3.13.0" })
        {
            using PythonChild child = PythonChild.Start(Interpreters.Named(name), "exec_states.py");
            child.WriteLine(state);
            child.ReadUntil("entered");
            KaaResult result = Harness.Kaa.Run("debug", Pid(child), "--batch", "-ex", "call getpid()");
            if (result.Exit == 0)
                result.Output.ShouldContain($"$1 = {child.Pid}\n");
            else
                result.Error.ShouldContain("sleeps in a system call that Kaa can't interrupt without loss");
            Harness.Kaa.Run("exec", Pid(child), "__main__.finish()", "--timeout", "60").Exit.ShouldBe(0);
            child.ReadUntil("done").ShouldBe("True", name);
        }
    }

    [Fact]
    public void What_may_hang_or_kill_the_process_is_refused()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "maker.py");
        using (var session = new OpenSession(child, withErrors: true))
        {
            session.Ask("break mkdir");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            session.Ask("call PyRun_SimpleString(\"1\")").ShouldContain("does not hold the GIL");
            session.Ask("call PyGILState_Ensure()").ShouldContain("$1 = 1");
            session.Ask("call PyRun_SimpleString(\"made[1] += 0\")").ShouldContain("$2 = ");
            session.Ask("call PyGILState_Release($1)").ShouldBe("");
            session.Ask("delete");
            session.Ask("break pthread_mutex_lock");
            session.Ask("continue").ShouldContain("Breakpoint 2, ");
            session.Ask("call getpid()").ShouldContain("which may hold a lock of the C library's");

            // Else another thread that comes there meanwhile abandons the call.
            session.Ask("delete");
            session.Ask("set unsafe-calls on");
            session.Ask("call getpid()").ShouldContain($"$3 = {child.Pid}");
            session.Ask("call 5(1)").ShouldContain("This is no function.");
            session.Ask("call getpid(1, 2, 3, 4, 5, 6, 7)").ShouldContain("more than 6");
            session.Quit().ShouldBe(0);
        }

        ShouldBeRight(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void A_breakpoint_in_the_function_abandons_the_call_and_the_thread_comes_back(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        using (var session = new OpenSession(child, withErrors: true))
        {
            session.Ask("break mkdir");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            session.Ask("break getppid");
            string answer = session.Ask("call getppid()");
            answer.ShouldContain("Breakpoint 2, ");
            answer.ShouldContain("evaluation of the expression is abandoned");
            session.Ask("delete 2");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            session.Ask("call getpid()").ShouldContain($" = {child.Pid}");
            session.Quit().ShouldBe(0);
        }

        ShouldBeRight(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void Killed_while_the_function_runs_the_thread_comes_back(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        using (var session = new OpenSession(child))
        {
            session.Ask("break mkdir");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            string tid = session.Ask("p $_tid").Split(' ')[^1].Trim();
            session.Say("call sleep(2)");
            KernelCall.Await(child.Pid, tid, KernelCall.Sleep);
            session.Kill();
        }

        ShouldBeRight(child);
    }

    /// <summary>Killed after each of the writes that a call makes into the process.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Killed_between_any_two_of_its_writes_the_process_lives_on(string name)
    {
        const int Writes = 12;
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        int died = 0;
        for (int write = 1; write <= Writes; write++)
        {
            string[] command = ["-c", "KAA_TEST_DIE_AFTER_WRITE=$0 exec \"$1\" debug \"$2\" --batch -ex 'thread 2' -ex 'call strlen(\"text\")'", write.ToString(CultureInfo.InvariantCulture), Repository.Kaa, Pid(child)];
            died += Program.Run("/bin/sh", command).Exit == 137 ? 1 : 0;
            ShouldBeRight(child);
        }

        died.ShouldBeGreaterThan(3, "else nothing was tried");
    }

    [Fact]
    public void Registers_and_memory_can_be_written()
    {
        string[] lines = ["break _exit", "run", "set $rdi = 7", "p $rdi", "p $sil = 3", "p/x (char) $rsi", "set var *(int *) ($rsp - 512) = 77", "p *(int *) ($rsp - 512)", "set {short} ($rsp - 512) = -2", "p *(short *) ($rsp - 512)", "p *(double *) ($rsp - 512) = 1.5", "continue"];
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", .. lines.SelectMany(line => new[] { "-ex", line }), "--", "/bin/sh", "-c", "exit 3"]);
        result.Output.ShouldContain("$1 = 7\n$2 = 3\n$3 = 0x3\n$4 = 77\n$5 = -2\n$6 = 1.5\n", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain("exited with code 07");
        result.Exit.ShouldBe(7);
    }

    [Fact]
    public void Registers_of_callers_and_of_system_calls_are_not_written()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "debugged.py");
        KaaResult inCall = Harness.Kaa.Run("debug", Pid(child), "--batch", "-ex", "set $rax = 1");
        inCall.Exit.ShouldBe(1);
        inCall.Error.ShouldContain("$rax can't be changed, because the thread");
        KaaResult inCaller = Harness.Kaa.Run("debug", Pid(child), "--batch", "-ex", "up", "-ex", "set $rip = 1");
        inCaller.Exit.ShouldBe(1);
        inCaller.Error.ShouldContain("Only the registers of the innermost frame");
    }

    [Fact]
    public void A_function_that_was_chosen_when_it_was_loaded_is_stopped_in_and_called()
    {
        // Other functions lead into the first bytes of most of those: an int3 must do.
        Interpreter any = Interpreters.Any;
        using PythonChild child = PythonChild.Start(any with { Launch = ["/usr/bin/env", "MAKER_TAKES_TRAPS=1", .. any.Launch] }, "maker.py");
        using (var session = new OpenSession(child))
        {
            session.Ask("break libc.so.6!memcpy").ShouldMatch(@"^Breakpoint 1 at 0x\w+: <__mem\w+> in libc\.so\.6, the implementation of memcpy that was chosen when it was loaded \(IFUNC\)\n");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            session.Ask("delete");
            session.Ask("break mkdir");
            session.Ask("continue").ShouldContain("Breakpoint 2, ");
            session.Ask("call memcmp(\"same\", \"same\", 4)").ShouldBe("$1 = 0\n");
            session.Quit().ShouldBe(0);
        }

        ShouldBeRight(child);
    }

    private static void ShouldBeRight(PythonChild child)
    {
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
    }

    /// <summary>Mappings whose code can be run: those of a call are among them.</summary>
    private static string[] Code(PythonChild child) => [.. File.ReadAllLines($"/proc/{child.Pid}/maps").Where(line => line.Contains(" r-xp ", StringComparison.Ordinal))];

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}
