using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa exec</c>, <c>kaa repl</c> and <c>kaa pdb</c>: the code runs in every state, and the program goes on as if nothing had been.</summary>
public sealed class ExecTests
{
    private const string Fixture = "exec_states.py";
    private const string Probe = "import sys\nprint('out')\nsys.stderr.write('err')\n6 * 7";

    private static readonly string[] States = ["spin", "doze", "doze_in_c", "wait_select", "wait_epoll", "wait_read", "wait_lock", "wait_event", "all_blocked", "contended"];

    public static TheoryData<string, string> EveryState
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (Interpreter interpreter in Interpreters.Known.Where(one => one.Embedded is null))
            {
                foreach (string state in States)
                    data.Add(interpreter.Name, state);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EveryState))]
    public void Code_runs_in_every_state_and_the_wait_goes_on(string interpreter, string state)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), state);
        JsonElement answer = Exec(child, Probe);
        answer.GetProperty("stdout").GetString().ShouldBe("out\n");
        answer.GetProperty("stderr").GetString().ShouldBe("err");
        answer.GetProperty("result").GetString().ShouldBe("42");
        answer.GetProperty("exception").ValueKind.ShouldBe(JsonValueKind.Null);
        Descriptors(child.Pid).ShouldBe(0);
        Exec(child, "__main__.finish()").GetProperty("result").GetString().ShouldBe("'finished'");
        child.ReadUntil("done").ShouldBe("True");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void What_it_raises_comes_back_and_does_not_end_the_process(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "wait_event");
        Raised(child, "print('before')\ndef f():\n    return 1 / 0\nf()", "before\n").ShouldContain("ZeroDivisionError");
        Raised(child, "import sys; sys.exit(3)").ShouldContain("SystemExit");
        Raised(child, "x = = 1").ShouldContain("SyntaxError");
        Raised(child, "raise KeyboardInterrupt()").ShouldContain("KeyboardInterrupt");
        string trace = Raised(child, "def f():\n    return 1 / 0\nf()");
        trace.ShouldContain("line 3, in <module>");
        trace.ShouldContain("line 2, in f");
        trace.ShouldNotContain("exec(");
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Nothing_is_left_of_it(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "wait_event");
        // Code that waits for a running thread in the queue of pending calls, and is withdrawn as the thread falls asleep, stays mapped (docs/exec.md).
        KernelCall.Await(child.Pid, KernelCall.Futex);
        string[] before = Mappings(child.Pid);
        Exec(child, "left_over = 5").GetProperty("result").ValueKind.ShouldBe(JsonValueKind.Null);
        Exec(child, "'left_over' in vars(__main__) or 'left_over' in globals()").GetProperty("result").GetString().ShouldBe("False");
        Exec(child, "kept = 5", "--main");
        Exec(child, "kept", "--main").GetProperty("result").GetString().ShouldBe("5");
        Exec(child, "import threading\nt = threading.Thread(target=lambda: sys.stdout.write('of another\\n'))\nt.start(); t.join()").GetProperty("stdout").GetString().ShouldBe("");
        child.ReadUntil("of").ShouldBe("another");
        Descriptors(child.Pid).ShouldBe(0);
        Mappings(child.Pid).Except(before).Where(line => line.Contains("r-xp", StringComparison.Ordinal) && line.EndsWith(" 0 ", StringComparison.Ordinal)).ShouldBeEmpty();
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Much_output_and_all_characters_come_back_whole(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "spin");
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "print(u'\u00e4\u4e2d\U0001F600')\nfor i in range(60000):\n    sys.stdout.write('%031d\\n' % i)\n");
            KaaResult result = Harness.Kaa.Run("exec", Pid(child), "-f", file);
            result.Exit.ShouldBe(0, result.Error);
            string[] lines = result.Output.Split('\n');
            lines[0].ShouldBe("\u00e4\u4e2d\U0001F600");
            lines.Length.ShouldBe(60002);
            lines[60000].ShouldBe(59999.ToString("d31", CultureInfo.InvariantCulture));
        }
        finally
        {
            File.Delete(file);
        }

        Finish(child);
    }

    [Fact]
    public void Refuses_where_the_holder_of_the_lock_never_lets_go_of_it()
    {
        using PythonChild child = Enter(Interpreters.Any, "hold_gil");
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "1", "--timeout", "0.5", "--json");
        result.Exit.ShouldBe(1);
        JsonElement error = result.Json.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe("no-safe-point");
        error.GetProperty("message").GetString()!.ShouldContain("holds the GIL");
        Descriptors(child.Pid).ShouldBe(0);
    }

    /// <summary>Not those whose eval loop is made of tail calls without names: there it can't be seen that a running thread is between two instructions.</summary>
    public static TheoryData<string> Interruptible =>
        [.. Interpreters.Known.Where(one => one.Embedded is null && !(one.Stripped && one.AtLeast(3, 14))).Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Interruptible))]
    public void Code_that_takes_too_long_is_interrupted(string interpreter)
    {
        // 2.7 looks for exceptions from outside only once there is a GIL, which comes with the first thread (Python/ceval.c, interpreter_lock).
        using PythonChild child = Enter(Interpreters.Named(interpreter), interpreter == "2.7.18" ? "all_blocked" : "wait_event");
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "while True: pass", "--timeout", "0.5", "--json", "--way", "parked-thread");
        result.Exit.ShouldBe(1);
        result.Json.GetProperty("stillRunning").GetBoolean().ShouldBeFalse(result.Output);
        result.Json.GetProperty("exception").GetString()!.ShouldContain("KeyboardInterrupt");
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interruptible))]
    public void Code_that_sleeps_again_and_again_is_interrupted(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "all_blocked");
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "import time\nwhile True: time.sleep(0.02)", "--timeout", "0.5", "--json", "--way", "parked-thread");
        result.Exit.ShouldBe(1);
        result.Json.GetProperty("stillRunning").GetBoolean().ShouldBeFalse(result.Output);
        result.Json.GetProperty("exception").GetString()!.ShouldContain("KeyboardInterrupt");

        // An exception that the interpreter still believes to wait makes 3.11 try a traced function's first instruction for ever (DO_TRACING, Python/ceval.c).
        const string Traced = "import sys\ndef f(): return 7\nsys.settrace(lambda *a: None)\ntry: n = f()\nfinally: sys.settrace(None)\nn";
        Harness.Kaa.Run("exec", Pid(child), Traced, "--timeout", "30", "--json", "--way", "parked-thread").Json.GetProperty("result").GetString().ShouldBe("7");
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Where_its_output_can_not_be_written_the_code_is_interrupted_and_the_program_goes_on(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "all_blocked");
        const string Prints = "import time\nfor i in range(300): print(i); time.sleep(.02)";
        Program.Run("/bin/sh", ["-c", "\"$0\" exec \"$1\" \"$2\" >/dev/full", Repository.Kaa, Pid(child), Prints]).Exit.ShouldBe(1);
        Program.Run("/bin/sh", ["-c", "\"$0\" exec \"$1\" \"$2\" | head -n 1", Repository.Kaa, Pid(child), Prints]).Output.ShouldBe("0\n");
        Harness.Kaa.Run("exec", Pid(child), "6 * 7", "--json").Json.GetProperty("result").GetString().ShouldBe("42");
        Finish(child);
    }

    [Fact]
    public void What_prints_faster_than_can_be_read_is_interrupted_too()
    {
        using PythonChild child = Enter(Interpreters.Any, "all_blocked");
        ProgramResult result = Program.Run("/bin/sh", ["-c", "\"$0\" exec \"$1\" \"while True: print('z' * 1000)\" --timeout 1 | tail -c 10", Repository.Kaa, Pid(child)], TimeSpan.FromSeconds(40));
        result.Error.ShouldContain("KeyboardInterrupt");
        Finish(child);
    }

    [Fact]
    public void What_is_started_without_descriptors_answers_all_the_same()
    {
        using PythonChild child = Enter(Interpreters.Any, "all_blocked");
        foreach (string closed in (string[])["<&-", "2>&-", "<&- >&- 2>&-"])
            Program.Run("/bin/sh", ["-c", $"exec \"$0\" exec \"$1\" 1 {closed}", Repository.Kaa, Pid(child)]).Exit.ShouldBe(0, closed);
        Finish(child);
    }

    [Fact]
    public void What_can_not_be_interrupted_is_said_to_run_and_the_program_goes_on_when_it_has_ended()
    {
        using PythonChild child = Enter(Interpreters.Any, "all_blocked");
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "import time; time.sleep(15)", "--timeout", "3", "--json");
        result.Exit.ShouldBe(1);
        result.Json.GetProperty("stillRunning").GetBoolean().ShouldBeTrue(result.Output);
        Finish(child);
    }

    [Fact]
    public void An_interpreter_of_3_14_is_asked_by_its_own_interface()
    {
        if (Interpreters.Known.FirstOrDefault(one => one.Name == "3.14-sid") is not { Root: { } root } interpreter)
            return;
        string[] launch = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", $"mount -t proc proc {root}/proc && exec \"$@\"", "sh", .. interpreter.Launch];
        using PythonChild child = Enter(interpreter with { Launch = launch }, "spin");
        JsonElement answer = Exec(child, Probe);
        answer.GetProperty("way").GetString().ShouldBe("remote-exec");
        answer.GetProperty("result").GetString().ShouldBe("42");
        Raised(child, "1 / 0").ShouldContain("ZeroDivisionError");
        KaaResult printed = Harness.Kaa.Run("exec", Pid(child), "for i in range(3000): print(i)\n1 / 0", "--way", "remote-exec");
        printed.Output.ShouldBe(string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i}\n")));
        printed.Error.ShouldContain("ZeroDivisionError");

        // What is left of an interruption that has come to nothing does not meet other code.
        Harness.Kaa.Run("exec", Pid(child), "list(map(__import__('time').sleep, [0.1] * 45))", "--timeout", "0.5", "--json").Json.GetProperty("stillRunning").GetBoolean().ShouldBeTrue();
        Exec(child, "import time\nfor _ in range(500): time.sleep(0.001)\n7").GetProperty("result").GetString().ShouldBe("7");

        // It is interrupted by the same interface, wherever it is, and a tracing function of the program's is there again.
        foreach (string endless in (string[])["while True: pass", "import time\nwhile True: time.sleep(0.01)", "def f(n):\n    return f(n - 1) if n else sum(1 for _ in iter(int, 1))\nf(50)", "while True: print('x' * 10)"])
        {
            KaaResult late = Harness.Kaa.Run("exec", Pid(child), "import sys\nsys.settrace(lambda *_: None)\n" + endless, "--timeout", "1", "--way", "remote-exec", "--json");
            late.Json.GetProperty("stillRunning").GetBoolean().ShouldBeFalse(endless + late.Output);
            late.Json.GetProperty("exception").GetString()!.ShouldContain("KeyboardInterrupt");
            Exec(child, "import sys\nold = sys.gettrace()\nsys.settrace(None)\nold is not None").GetProperty("result").GetString().ShouldBe("True");
        }

        Descriptors(child.Pid).ShouldBe(0);
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Runs_where_the_first_thread_has_left(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "left_alone.py");
        if (child.Ready == "no ctypes")
            return;
        while (!File.ReadLines($"/proc/{child.Pid}/status").Contains("State:\tZ (zombie)"))
            System.Threading.Thread.Yield();
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "import threading; threading.current_thread().name", "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        result.Json.GetProperty("result").GetString().ShouldBe("'worker'");
        Harness.Kaa.Run("bt", Pid(child)).Output.ShouldContain("\"worker\"");
        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
    }

    [Fact]
    public void Works_into_namespaces_and_as_another_user()
    {
        Interpreter any = Interpreters.Named("3.11-debian");
        string[] launch =
        [
            "/usr/bin/unshare", "-m", "-n", "-p", "--fork", "--mount-proc", "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", .. any.Launch,
        ];
        using PythonChild child = Enter(any with { Launch = launch }, "wait_event");
        string pid = File.ReadAllText($"/proc/{child.Pid}/task/{child.Pid}/children").Trim();
        KaaResult result = Harness.Kaa.Run("exec", pid, "import os; (os.getuid(), os.getpid())", "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        result.Json.GetProperty("result").GetString().ShouldBe("(65534, 1)");
        Harness.Kaa.Run("exec", pid, "__main__.finish()").Exit.ShouldBe(0);
        child.ReadUntil("done").ShouldBe("True");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_session_keeps_its_names_to_itself(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "spin");
        ProgramResult result = Session(child, "repl", "x = 20\ndef f(a):\n    return a + 1\n\nf(x)\n_ * 2\nprint('hi')\n1 / 0\nx\n");
        result.Output.ShouldBe("21\n42\nhi\n20\n");
        result.Error.ShouldContain("ZeroDivisionError");
        Exec(child, "'x' in vars(__main__)").GetProperty("result").GetString().ShouldBe("False");
        Descriptors(child.Pid).ShouldBe(0);
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Pdb_steps_the_program_and_lets_it_go_on(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "lines");
        ProgramResult result = Session(child, "pdb", "where\nbreak clock\nclear\ntbreak lines\nclear\nnext\nnext\np 'count', count >= 0\nquit\n");
        result.Exit.ShouldBe(0, result.Error);
        result.Output.ShouldContain("lines()");
        result.Output.ShouldContain("('count', True)");
        Exec(child, "sys.gettrace()").GetProperty("result").ValueKind.ShouldBe(JsonValueKind.Null);
        Descriptors(child.Pid).ShouldBe(0);
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void The_end_of_the_input_ends_pdb(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "lines");
        Session(child, "pdb", "next\n").Exit.ShouldBe(0);
        Exec(child, "sys.gettrace()").GetProperty("result").ValueKind.ShouldBe(JsonValueKind.Null);
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void What_a_killed_run_leaves_is_told_and_given_back(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "wait_event");
        bool wasTold = false;
        for (int write = 3; write <= 24; write += 3)
        {
            string[] command = ["-c", "KAA_TEST_DIE_AFTER_WRITE=$0 exec \"$1\" exec \"$2\" '6 * 7' --json --timeout 60", write.ToString(CultureInfo.InvariantCulture), Repository.Kaa, Pid(child)];
            _ = Program.Run("/bin/sh", command, TimeSpan.FromMinutes(1));
            wasTold |= Harness.Kaa.Run("doctor", Pid(child), "--json").Output.Contains("leftover-run", StringComparison.Ordinal);
        }

        wasTold.ShouldBeTrue();
        GiveBack(child);
        Descriptors(child.Pid).ShouldBe(0);
        Harness.Kaa.Run("doctor", Pid(child), "--json").Output.ShouldNotContain("leftover-run");
        Finish(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Children_that_are_forked_meanwhile_do_not_run_it_too(string interpreter)
    {
        const int Runs = 8;
        using PythonChild child = Enter(Interpreters.Named(interpreter), "forks");
        for (int run = 0; run < Runs; run++)
            Exec(child, "__main__.tell()");
        Exec(child, "__main__.finish()").GetProperty("result").GetString().ShouldBe("'finished'");
        child.ReadUntil("done").ShouldBe(Runs.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void What_was_withdrawn_from_the_queue_is_given_back_once_it_has_come_by(string interpreter)
    {
        using PythonChild child = Enter(Interpreters.Named(interpreter), "digest");
        bool isLeft = false;
        for (int turn = 0; turn < 20 && !isLeft; turn++)
        {
            KaaResult result = Harness.Kaa.Run("exec", Pid(child), "1 / 0", "--json", "--way", "pending-call", "--timeout", "0.1");
            isLeft = result.Json.TryGetProperty("error", out _) && Harness.Kaa.Run("doctor", Pid(child), "--json").Output.Contains("leftover-run", StringComparison.Ordinal);
        }

        isLeft.ShouldBeTrue();
        GiveBack(child);
        Harness.Kaa.Run("doctor", Pid(child), "--json").Output.ShouldNotContain("leftover-run");
        Finish(child);
    }

    /// <summary>A thread that was borrowed waits for its Kaa for a second, and then goes back by itself.</summary>
    private static void GiveBack(PythonChild child)
    {
        DateTime end = DateTime.UtcNow.AddMinutes(1);
        KaaResult result;
        do
        {
            result = Harness.Kaa.Run("detach", Pid(child), "--json");
            result.Exit.ShouldBeOneOf(0, 3);
        }
        while (result.Exit == 3 && DateTime.UtcNow < end);
        result.Exit.ShouldBe(0, result.Output + result.Error);
    }

    private static PythonChild Enter(Interpreter interpreter, string state)
    {
        PythonChild child = PythonChild.Start(interpreter, Fixture);
        child.WriteLine(state);
        child.ReadUntil("entered");
        return child;
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);

    private static JsonElement Exec(PythonChild child, string code, params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run(["exec", Pid(child), code, "--json", "--timeout", "60", .. arguments]);
        result.Exit.ShouldBe(result.Json.TryGetProperty("exception", out JsonElement exception) && exception.ValueKind == JsonValueKind.String ? 1 : 0, result.Output + result.Error);
        return result.Json;
    }

    private static string Raised(PythonChild child, string code, string output = "")
    {
        JsonElement answer = Exec(child, code);
        answer.GetProperty("stdout").GetString().ShouldBe(output);
        return answer.GetProperty("exception").GetString().ShouldNotBeNull();
    }

    private static void Finish(PythonChild child)
    {
        Exec(child, "__main__.finish()").GetProperty("result").GetString().ShouldBe("'finished'");
        child.ReadUntil("done").ShouldBe("True");
    }

    private static ProgramResult Session(PythonChild child, string verb, string input) =>
        Program.Run(Repository.Kaa, [verb, Pid(child), "--timeout", "60"], TimeSpan.FromMinutes(2), input);

    private static int Descriptors(int pid) =>
        Directory.GetFiles($"/proc/{pid}/fd").Count(file => new FileInfo(file).LinkTarget?.Contains("kaa-exec", StringComparison.Ordinal) == true);

    private static string[] Mappings(int pid) => File.ReadAllLines($"/proc/{pid}/maps");
}
