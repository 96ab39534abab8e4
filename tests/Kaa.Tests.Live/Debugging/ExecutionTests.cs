using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Programs that are run, stopped, stepped and let go by kaa debug; and what becomes of them when it is killed.</summary>
public sealed partial class ExecutionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-debug-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>The session is the one of the talk: which of hundreds of unit tests makes the directory that is left behind?</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_breakpoint_with_a_regex_finds_the_test_that_leaves_a_directory(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        string script = Script("break mkdir if $_regex((char*) $rdi, \".*foo.*\")", "commands", "py-bt", "continue", "end", "run");
        using var program = new RunningFixture(interpreter, "unittests.py");
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", "-x", script, "--", .. program.Command]);
        result.Output.ShouldContain("ran 300 failed 0 left foo", Case.Sensitive, result.Output + result.Error);
        string stack = result.Output.Split("Traceback (most recent call first):")[1];
        stack.ShouldContain("in prepare");
        Regex.Count(result.Output, "hit Breakpoint 1,|\nBreakpoint 1, ").ShouldBe(1, result.Output);
        result.Exit.ShouldBe(3, "as the program's own");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Whatever_it_does_at_a_breakpoint_a_killed_debugger_leaves_a_program_that_lives_on(string name)
    {
        string[][] ways = [[], ["stepi"], ["stepi", "stepi"], ["nexti", "stepi"], ["finish"], ["finish", "stepi"], ["delete"], ["disable", "enable", "tbreak rmdir", "continue"]];
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        foreach (string[] way in ways)
        {
            using (var session = new OpenSession(child))
            {
                session.Ask("break mkdir").ShouldContain("Breakpoint 1 at ");
                session.Ask("continue").ShouldContain("Breakpoint 1, ");
                foreach (string line in way)
                    session.Ask(line);
                session.Kill();
            }

            child.WriteLine("report");
            child.ReadUntil("report").ShouldBe("right", string.Join(", ", way));
        }

        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Leaving_restores_every_byte(string name) => RestoresEveryByte(name, session => session.Quit().ShouldBe(0));

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Killing_the_kaa_that_was_started_restores_every_byte(string name) => RestoresEveryByte(name, session => session.KillStarted());

    private static void RestoresEveryByte(string name, Action<OpenSession> leave)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "maker.py");
        using var session = new OpenSession(child);
        string answer = session.Ask("break mkdir");
        ulong address = ulong.Parse(Place().Match(answer).Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        session.Ask("delete");
        byte[] before = Read(child, address);
        session.Ask("break mkdir");
        session.Ask("continue").ShouldContain("Breakpoint 2, ");
        Read(child, address).ShouldNotBe(before, "else nothing was there to be restored");
        session.Ask("x/1i mkdir").ShouldNotContain("int3");
        leave(session);
        Read(child, address).ShouldBe(before);
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
    }

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void A_process_whose_libraries_were_replaced_takes_every_word(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "maker.py");
        using PythonChild child = PythonChild.Start(copy.Interpreter, "maker.py");
        copy.ReplaceAll();
        using var session = new OpenSession(child);
        session.Ask("break mkdir if $_regex((char*) $rdi, \"made\")").ShouldContain("Breakpoint 1 at ");
        session.Ask("continue").ShouldContain("Breakpoint 1, ");
        session.Ask("py-bt").ShouldContain("in make");
        session.Ask("stepi").ShouldContain("mkdir");
        session.Ask("finish").ShouldContain("Value returned is $1 = 0");
        session.Ask("info breakpoints").ShouldContain("breakpoint already hit 1 time");
        session.Quit().ShouldBe(0);
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
    }

    [Theory]
    [InlineData("exit 7", 7, "exited with code 07")]
    [InlineData("exit 0", 0, "exited normally")]
    [InlineData("kill -TERM $$", 143, "Program terminated with signal SIGTERM")]
    public void A_program_that_is_run_gives_its_status(string script, int status, string said)
    {
        string[] go = script.StartsWith("kill", StringComparison.Ordinal) ? ["-ex", "handle SIGTERM nostop"] : [];
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", .. go, "-ex", "run", "--", "/bin/sh", "-c", script]);
        result.Output.ShouldContain(said);
        result.Exit.ShouldBe(status, result.Output + result.Error);
    }

    [Fact]
    public void A_signal_stops_it_and_is_passed_on()
    {
        KaaResult result = Harness.Kaa.Run("debug", "--batch", "-ex", "run", "-ex", "continue", "--", "/bin/sh", "-c", "trap 'echo caught; exit 4' USR1; kill -USR1 $$; exit 5");
        result.Output.ShouldContain("received signal SIGUSR1, User defined signal 1.");
        result.Output.ShouldContain("caught");
        result.Exit.ShouldBe(4, result.Output + result.Error);
    }

    [Fact]
    public void Instructions_are_those_that_the_processor_makes()
    {
        string[] lines = ["-ex", "break *_start", "-ex", "starti", "-ex", "stepi", "-ex", "p $pc", "-ex", "kill"];
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", .. lines, "--", "/bin/true"]);
        result.Output.ShouldContain("(void (*)()) 0x", Case.Sensitive, result.Output + result.Error);
    }

    private string Script(params string[] lines)
    {
        string path = Path.Combine(_directory, "script");
        File.WriteAllLines(path, lines);
        return path;
    }

    private static byte[] Read(PythonChild child, ulong address)
    {
        using var memory = new FileStream($"/proc/{child.Pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        memory.Position = (long)address;
        byte[] bytes = new byte[16];
        memory.ReadExactly(bytes);
        return bytes;
    }

    [GeneratedRegex(" at 0x([0-9a-f]+):")]
    private static partial Regex Place();
}

/// <summary>The command line by which an interpreter runs a fixture, where it can see it.</summary>
internal sealed class RunningFixture : IDisposable
{
    private readonly string? _copy;

    public RunningFixture(Interpreter interpreter, string fixture)
    {
        string path = Repository.Fixture(fixture);
        if (interpreter.Root is not null)
        {
            string inside = "/tmp/kaa-" + Guid.NewGuid().ToString("N") + ".py";
            _copy = interpreter.Root + inside;
            File.Copy(path, _copy);
            path = inside;
        }

        Command = [.. interpreter.Launch, path];
    }

    public IReadOnlyList<string> Command { get; }

    public void Dispose()
    {
        if (_copy is not null)
            File.Delete(_copy);
    }
}
