using System.Text.Json;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Stories;

/// <summary>A process has crashed in C code, and its core is all that is left: which line of C, called by which line of Python, with what?</summary>
public sealed class CrashedExtensionTests : IDisposable
{
    private readonly Cores _cores = new();

    public void Dispose() => _cores.Dispose();

    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_core_explains_an_extension_down_to_its_line_and_its_callers_values(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using var libraries = new CompiledLibraries(interpreter.Root);
        if (ExtensionModule.Compile(libraries, interpreter, "crashing") is not { } directory)
            return;
        using PythonChild child = _cores.Start(interpreter, "crash_extension.py");
        child.WriteLine(directory);
        string core = _cores.Collect(child);
        int c = new MarkedLines(Repository.Program("crashing.c")).Number("crashes here");
        int python = new MarkedLines(Repository.Fixture("crash_extension.py")).Number("crashes here");
        ShouldBeExplainedByALook(core, child, c, python);
        ShouldBeExplainedByASession(core, child, c, python);
    }

    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_core_explains_a_crash_in_ctypes(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        if (!HasCtypes(interpreter))
            return;
        using PythonChild child = _cores.Start(interpreter, "crash.py");
        child.WriteLine("go");
        string core = _cores.Collect(child);
        Dictionary<string, string> answers = Session.Ask([core, .. Root(child)], ["p $_siginfo._sifields._sigfault.si_addr", "py-bt", "info threads", "py-up", "py-print address"]);
        answers["py-bt"].ShouldContain(", in crash\n    ctypes.string_at(address)");
        answers["py-up"].ShouldContain("in crash (address=24)", Case.Sensitive, "string_at is a function of Python's that calls the one of C");
        answers["py-print address"].ShouldBe("local 'address' = 24");
        answers["p $_siginfo._sifields._sigfault.si_addr"].ShouldBe("$1 = (void *) 0x18");
        answers["info threads"].Split('\n').ShouldContain(line => line.StartsWith("* 1 ", StringComparison.Ordinal), "the thread that crashed is selected, and is the first");
    }

    private static void ShouldBeExplainedByALook(string core, PythonChild child, int c, int python)
    {
        KaaResult result = Harness.Kaa.Run(["bt", core, "--native", "--locals", "--json", .. Root(child)]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        JsonElement signal = result.Json.GetProperty("target").GetProperty("signal");
        (signal.GetProperty("name").GetString(), signal.GetProperty("address").GetString()).ShouldBe(("SIGSEGV", "0x0"));
        JsonElement[] frames = [.. result.Json.GetProperty("threads")[0].GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() != "builtin")];
        (frames[0].GetProperty("kind").GetString(), frames[0].GetProperty("function").GetString()).ShouldBe(("native", "weigh"), result.Output);
        frames[0].GetProperty("line").GetInt32().ShouldBe(c);
        frames[0].GetProperty("file").GetString()!.ShouldEndWith("crashing.so.c");
        frames[1].GetProperty("function").GetString().ShouldBe("total");
        JsonElement caller = frames.First(frame => frame.GetProperty("kind").GetString() == "python");
        (caller.GetProperty("function").GetString(), caller.GetProperty("line").GetInt32()).ShouldBe(("total_of", python));
        Dictionary<string, string?> locals = caller.GetProperty("locals").EnumerateArray().ToDictionary(local => local.GetProperty("name").GetString()!, local => local.GetProperty("value").GetString());
        locals.ShouldContainKeyAndValue("records", "[('first', 1), (None, 2)]");
        locals.ShouldContainKeyAndValue("factor", "3");
        locals.ShouldContainKeyAndValue("label", "'weights of 2'");
    }

    private static void ShouldBeExplainedByASession(string core, PythonChild child, int c, int python)
    {
        Dictionary<string, string> answers = Session.Ask(
            [core, .. Root(child)], ["bt 3", "info symbol $pc", "x/i $pc", "p $_siginfo.si_signo", "p $_siginfo._sifields._sigfault.si_addr", "py-bt", "py-locals", "py-print records[1]", "info sharedlibrary crashing"]);
        answers["bt 3"].ShouldMatch($@"^#0  0x\w+ in weigh \(.*\) at .*/crashing\.so\.c:{c}\n#1  0x\w+ in total \(.*\) at .*/crashing\.so\.c:\d+\n");
        answers["info symbol $pc"].ShouldMatch(@"^weigh(?: \+ \d+)? in section \.text of .*/crashing\.so$");
        answers["x/i $pc"].ShouldMatch(@"^=> 0x\w+ <weigh(?:\+\d+)?>:\t");
        answers["p $_siginfo.si_signo"].ShouldEndWith(" = 11");
        answers["p $_siginfo._sifields._sigfault.si_addr"].ShouldEndWith(" = (void *) 0x0");
        answers["py-bt"].ShouldContain($"  File \"{child.Script}\", line {python}, in total_of\n    total = crashing.total(records, factor)");
        answers["py-locals"].Split('\n').ShouldContain("records = [('first', 1), (None, 2)]");
        answers["py-print records[1]"].ShouldBe("records[1] = (None, 2)");
        answers["info sharedlibrary crashing"].ShouldContain("/crashing.so");
    }

    private static bool HasCtypes(Interpreter interpreter) => Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", "import ctypes"]).Exit == 0;

    private static string[] Root(PythonChild child) => child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
}
