using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>gdb's own session, with CPython's script for it, and Kaa's on the same process: the same lines typed, the same answers.</summary>
public sealed partial class GdbComparisonTests
{
    /// <summary>Those whose python-gdb.py is beside them, and works in the machine's gdb.</summary>
    public static TheoryData<string> WithScript
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (Interpreter interpreter in Interpreters.Known)
            {
                if (interpreter is { Root: null, Stripped: false } && ScriptOf(interpreter) is not null)
                    data.Add(interpreter.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WithScript))]
    public void The_same_lines_get_the_same_answers(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        if (GdbStacks.Path is null)
            return;
        using PythonChild child = PythonChild.Start(interpreter, "debugged.py");
        string eval = "frame function " + (interpreter.AtLeast(3, 0) ? "_PyEval_EvalFrameDefault" : "PyEval_EvalFrameEx");
        string[] lines = [eval, "py-bt", "py-locals", "py-list", "py-list 3,6", "info threads", "disassemble read", "disassemble PyLong_FromLong", "p 3 * 7 + 0x10", "p/x -1", "p (char) 97", "p sizeof(long)", "x/4gx $rsp", "p $rsp == $sp", "info address malloc"];
        Dictionary<string, string> gdb = OfGdb(child, lines);
        Dictionary<string, string> kaa = Session.Ask(child, lines);
        foreach (string line in lines[1..])
        {
            if (IsBrokenInGdb(interpreter, line, gdb[line]))
                continue;
            Plain(kaa[line], line).ShouldBe(Plain(gdb[line], line), line);
        }
    }

    /// <summary>Where gdb itself, or the script, can't tell: nothing to compare with.</summary>
    private static bool IsBrokenInGdb(Interpreter interpreter, string line, string answer) =>
        line.StartsWith("py-", StringComparison.Ordinal)
        && (answer.Contains("optimized out") || answer.Contains("Unable to") || answer.Contains("Python Exception") || answer.Contains("unable to read"))
        && interpreter.AtLeast(3, 12);

    private static string? ScriptOf(Interpreter interpreter)
    {
        string script = interpreter.Executable + "-gdb.py";
        return File.Exists(script) ? script : null;
    }

    private static Dictionary<string, string> OfGdb(PythonChild child, string[] lines)
    {
        var arguments = new List<string>
        {
            "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set width 0", "-p", child.Pid.ToString(CultureInfo.InvariantCulture), "-ex", "source " + ScriptOf(child.Interpreter),
        };
        foreach (string line in lines)
            arguments.AddRange(["-ex", "echo <<" + line + ">>\\n", "-ex", line]);
        arguments.AddRange(["-ex", "echo <<the end>>\\n"]);
        ProgramResult result = Program.Run(GdbStacks.Path!, arguments, TimeSpan.FromMinutes(5));
        return Session.Answers(result.Output);
    }

    /// <summary>Without what is told in other words on purpose (docs/debug.md): C arguments, which library has a stub, how objects of the program's own classes are printed.</summary>
    private static string Plain(string answer, string line)
    {
        IEnumerable<string> kept = answer.Split('\n').Select(each => each.TrimEnd());
        if (line == "py-bt")
            kept = kept.Where(each => !each.TrimStart().StartsWith('<') && !each.Contains("invocation"));
        if (line == "info threads")
            kept = kept.Select(each => Title().Match(each).Value);
        if (line == "py-locals")
            kept = kept.Select(each => Float().Replace(Instance().Replace(each, "<$1 at $2"), "$1<float>"));
        if (line.StartsWith("disassemble", StringComparison.Ordinal))
            kept = kept.Select(each => Stub().Replace(each, ""));
        return string.Join('\n', kept).Trim();
    }

    [GeneratedRegex(@"^[* ] \d+ +Thread 0x\w+ \(LWP \d+\) ""[^""]*""|^  Id +Target Id")]
    private static partial Regex Title();

    // gdb: <Box(items=[1], name='a') at remote 0x7f…>; Kaa: <Box at 0x7f…: items=[1], name='a'>.
    [GeneratedRegex(@"<(Box)(?:\(.*\))? at (?:remote )?(0x\w+).*$")]
    private static partial Regex Instance();

    // gdb's script does not know floats: <float at remote 0x7f…>.
    [GeneratedRegex(@"^(real = )(?:1\.5|<float at remote 0x\w+>)$")]
    private static partial Regex Float();

    [GeneratedRegex(@" <[^<>]*@plt>")]
    private static partial Regex Stub();
}
