using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Stories;

/// <summary>
/// The C library, the loader, the program and all other libraries were upgraded under a process that runs. What needs them as they were (symbols, unwind rules, room for
/// code) is still to be had, for all that is done to a process.
/// </summary>
public sealed class UpgradedProcessTests
{
    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void It_takes_every_command(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "maker.py");
        using PythonChild child = PythonChild.Start(copy.Interpreter, "maker.py");
        copy.ReplaceAll();
        File.ReadAllText($"/proc/{child.Pid}/maps").ShouldContain("(deleted)", Case.Sensitive, "else nothing was upgraded");
        ShouldBeRight(child, "debug", Debug);
        ShouldBeRight(child, "exec", RunCode);
        ShouldBeRight(child, "repl", Converse);
        ShouldBeRight(child, "pdb", StepLines);
        ShouldBeRight(child, "trace --syscall", one => Trace(one, "--syscall", "mkdir"));
        ShouldBeRight(child, "trace --call", one => Trace(one, "--call", "mkdir"));
        ShouldBeRight(child, "mem attach", RecordAllocations);
        ShouldBeRight(child, "detach", TakeBackWhatAKilledOneLeft);
        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
    }

    private static void ShouldBeRight(PythonChild child, string command, Action<PythonChild> act)
    {
        act(child);
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right", command);
    }

    private static void Debug(PythonChild child)
    {
        Dictionary<string, string> answers = Session.Ask(child, "break mkdir if $_regex((char*) $rdi, \"made\")", "continue", "py-bt", "py-locals", "finish", "delete");
        answers["continue"].ShouldContain("Breakpoint 1, ");
        answers["py-bt"].ShouldContain(", in make\n    os.mkdir(name)");
        answers["py-locals"].ShouldContain("/made");
        answers["finish"].ShouldContain("Value returned is $1 = 0");
    }

    private static void RunCode(PythonChild child)
    {
        KaaResult result = Harness.Kaa.Run("exec", Pid(child), "print('out')\n6 * 7", "--timeout", "60", "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        (result.Json.GetProperty("stdout").GetString(), result.Json.GetProperty("result").GetString()).ShouldBe(("out\n", "42"));
    }

    private static void Converse(PythonChild child) => Talk(child, "repl", "x = 20\nx + 22\n").Output.ShouldBe("42\n");

    private static void StepLines(PythonChild child) => Talk(child, "pdb", "p 'sum', 6 * 7\nquit\n").Output.ShouldContain("('sum', 42)");

    private static void Trace(PythonChild child, params string[] what)
    {
        KaaResult result = Harness.Kaa.Run(["trace", Pid(child), .. what, "--count", "5", "--json"]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        JsonElement[] hits = [.. TraceRun.Lines(result).Where(line => line.GetProperty("event").GetString() is "call" or "syscall")];
        hits.Length.ShouldBe(5);
        hits.ShouldAllBe(hit => hit.GetProperty("stack")[0].GetProperty("function").GetString() == "make" && hit.GetProperty("args")[0].GetProperty("value").GetString()!.Contains("/made"));
    }

    private static void RecordAllocations(PythonChild child)
    {
        using var recording = Recording.Of(child);
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("right");
        recording.End();
        recording.Report("all").GetRawText().ShouldContain("maker.py");
    }

    private static void TakeBackWhatAKilledOneLeft(PythonChild child)
    {
        using (var session = new OpenSession(child))
        {
            session.Ask("break mkdir").ShouldContain("Breakpoint 1 at ");
            session.Ask("continue").ShouldContain("Breakpoint 1, ");
            session.Kill();
        }

        KaaResult result = Harness.Kaa.Run("detach", Pid(child), "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        result.Json.GetProperty("agents").GetInt32().ShouldBeGreaterThan(0);
    }

    private static ProgramResult Talk(PythonChild child, string verb, string input)
    {
        ProgramResult result = Program.Run(Repository.Kaa, [verb, Pid(child), "--timeout", "60"], TimeSpan.FromMinutes(2), input);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result;
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}
