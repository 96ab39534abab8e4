using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>py-bt and its kin against what the interpreter says of itself, of a process that is held and of its core.</summary>
public sealed class PythonWordTests
{
    private static readonly string[] s_words = ["py-bt", "py-locals", "py-list", "py-bt-full", "thread apply all py-bt"];

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void They_tell_what_the_interpreter_tells(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "debugged.py");
        using JsonDocument truth = child.ReadyJson();
        Dictionary<string, string> answers = Session.Ask(
            child, [.. s_words, "py-print box.items[1:3]", "py-print mapping['list']", "py-print len(numbers)", "py-print *" + IdOf(truth, "numbers"), "py-print Box.kind", "py-up", "py-print depth"]);
        CheckStack(answers["py-bt"], truth);
        CheckStack(answers["thread apply all py-bt"], truth);
        answers["thread apply all py-bt"].ShouldContain(", in beside");
        string[] locals = answers["py-locals"].Split('\n');
        foreach (string expected in new[] { "count = 0", "text = 'other text'", "more = (7,)", "named = {'key': 'value'}", "numbers = [1, 2, 3, 4, 5]", "pair = (1, None)", "real = 1.5", "truth = True" })
            locals.ShouldContain(expected);
        locals.ShouldContain(child.Interpreter.AtLeast(3, 0) ? "raw = b'bytes'" : "raw = 'bytes'");
        answers["py-list"].Split('\n').ShouldContain(line => line.TrimStart().StartsWith('>') && line.Contains("sys.stdin.readline()"));
        answers["py-bt-full"].ShouldContain("in middle (depth=2, local=4)");
        answers["py-print box.items[1:3]"].ShouldBe("box.items[1:3] = [2, 3]");
        answers["py-print mapping['list']"].ShouldBe("mapping['list'] = [1, 2]");
        answers["py-print len(numbers)"].ShouldBe("len(numbers) = 5");
        answers["py-print *" + IdOf(truth, "numbers")].ShouldEndWith(" = [1, 2, 3, 4, 5]");
        answers["py-print Box.kind"].ShouldBe("Box.kind = 'box'");
        answers["py-up"].ShouldContain("in middle (depth=0, local=0)");
        answers["py-print depth"].ShouldStartWith("local 'depth' = 0");
        GoesOn(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Structs_of_CPython_have_their_fields(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "debugged.py");
        using JsonDocument truth = child.ReadyJson();
        string box = "(PyObject *) " + IdOf(truth, "box");
        string type = "(PyTypeObject *) " + IdOf(truth, "type");
        Dictionary<string, string> answers = Session.Ask(
            child, $"p *({type})", $"p ({box})->ob_type == {type}", $"p ({box})->ob_type->tp_name", $"p ((PyListObject *) {IdOf(truth, "numbers")})->ob_size", $"p (PyObject *) {IdOf(truth, "numbers")}",
            $"p (PyObject *) {IdOf(truth, "none")}", $"whatis {box}", "p sizeof(PyObject *)");
        answers[$"p *({type})"].ShouldContain(" \"Box\"");
        answers[$"p ({box})->ob_type == {type}"].ShouldEndWith(" = 1");
        answers[$"p ({box})->ob_type->tp_name"].ShouldEndWith(" \"Box\"");
        answers[$"p ((PyListObject *) {IdOf(truth, "numbers")})->ob_size"].ShouldEndWith(" = 5");
        answers[$"p (PyObject *) {IdOf(truth, "numbers")}"].ShouldEndWith(" = [1, 2, 3, 4, 5]");
        answers[$"p (PyObject *) {IdOf(truth, "none")}"].ShouldEndWith(" = None");
        answers[$"whatis {box}"].ShouldBe("type = PyObject *");
        answers["p sizeof(PyObject *)"].ShouldEndWith(" = 8");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_core_gives_the_same_answers(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), "debugged.py");
        string core = Path.Combine(Path.GetTempPath(), "kaa-debug-" + Guid.NewGuid().ToString("N"));
        try
        {
            string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
            KaaResult written = Harness.Kaa.Run("core", pid, "-o", core);
            written.Exit.ShouldBe(0, written.Output + written.Error);
            string[] words = [.. s_words, "bt", "info threads", "info registers", "p $rip", "x/8gx $rsp", "x/4i $pc", "info symbol $pc", "disassemble read", "info address malloc", "py-print box"];
            Dictionary<string, string> live = Session.Ask(child, words);
            Dictionary<string, string> dead = Session.Ask(core, words);
            foreach (string word in words)
                dead[word].ShouldBe(live[word], word);
        }
        finally
        {
            File.Delete(core);
        }
    }

    /// <summary>The C library, the loader, the interpreter: all are other builds at their paths, as after an upgrade.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void A_process_whose_files_were_replaced_gives_the_same_answers(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "debugged.py");
        using PythonChild child = PythonChild.Start(copy.Interpreter, "debugged.py");
        string[] words = [.. s_words, "bt", "info threads", "info registers", "x/4i $pc", "info symbol $pc", "disassemble read", "info address malloc", "py-print box.items", "info functions ^PyLong_FromL"];
        Dictionary<string, string> before = Session.Ask(child, words);
        copy.ReplaceAll();
        Dictionary<string, string> after = Session.Ask(child, words);
        foreach (string word in words)
            after[word].ShouldBe(before[word], word);
        GoesOn(child);
    }

    [Fact]
    public void A_process_without_Python_is_a_C_process()
    {
        using var sleeper = Program.Start("/bin/sleep", ["1000"]);
        try
        {
            string pid = sleeper.Id.ToString(CultureInfo.InvariantCulture);
            KernelCall.Await(sleeper.Id, KernelCall.Sleep);
            KaaResult result = Harness.Kaa.Run("debug", pid, "--batch", "-ex", "bt", "-ex", "info threads");
            result.Exit.ShouldBe(0, result.Error);
            result.Output.ShouldContain("nanosleep");
            KaaResult python = Harness.Kaa.Run("debug", pid, "--batch", "-ex", "py-bt");
            python.Exit.ShouldBe(1);
            python.Error.ShouldContain("Python");
        }
        finally
        {
            sleeper.Kill();
        }
    }

    private static string IdOf(JsonDocument truth, string what) => truth.RootElement.GetProperty(what).GetUInt64().ToString(CultureInfo.InvariantCulture);

    /// <summary>The script has gone on by some lines in its innermost frame since it looked.</summary>
    private static void CheckStack(string text, JsonDocument truth)
    {
        string[] frames = [.. text.Split('\n').Where(line => line.StartsWith("  File \"", StringComparison.Ordinal))];
        JsonElement[] expected = [.. truth.RootElement.GetProperty("stack").EnumerateArray()];
        int first = Array.FindIndex(frames, frame => frame.EndsWith(", in inner", StringComparison.Ordinal));
        first.ShouldBeGreaterThanOrEqualTo(0, text);
        for (int i = 1; i < expected.Length; i++)
            frames[first + i].ShouldBe($"  File \"{expected[i][1].GetString()}\", line {expected[i][2].GetInt32()}, in {expected[i][0].GetString()}");
    }

    private static void GoesOn(PythonChild child)
    {
        child.WriteLine("by itself");
        child.ReadUntil("went").ShouldBe("on by itself");
    }
}
