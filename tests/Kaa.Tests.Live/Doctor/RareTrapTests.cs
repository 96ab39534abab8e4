using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>Traps that few meet, laid for a real process.</summary>
public sealed class RareTrapTests
{
    private static readonly string[] s_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    [Fact]
    public void PyPy_is_named_and_refused()
    {
        string directory = Path.Combine(Interpreters.Cache, "pypy");
        if (!Directory.Exists(directory))
            return;
        string library = directory + "/usr/lib/x86_64-linux-gnu";
        Interpreter pypy = Interpreters.Any with { Name = "pypy", Launch = ["/usr/bin/env", "LD_LIBRARY_PATH=" + library, directory + "/usr/bin/pypy3"] };
        using PythonChild child = PythonChild.Start(pypy, "idle.py");
        Diagnosis.Of(child).Severity("unsupported-implementation").ShouldBe("problem");
        KaaResult result = Harness.Kaa.Run("bt", Text(child), "--json");
        result.Exit.ShouldBe(1);
        result.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("unsupported-implementation");
        Harness.Kaa.Run("ps", "--json").Json.GetProperty("processes").EnumerateArray()
            .Single(process => process.GetProperty("pid").GetInt32() == child.Pid).GetProperty("implementation").GetString().ShouldBe("pypy");
    }

    [Fact]
    public void A_thread_that_no_signal_reaches_is_told_and_read_as_it_is()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "vforks.py");
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("uninterruptible").ShouldBe("warning");
        found.Evidence("uninterruptible").ShouldContain(Text(child));
        found.Has("state-ok").ShouldBeFalse();
        Harness.Kaa.Stacks(child).GetProperty("threads")[0].GetProperty("state").GetString().ShouldBe("uninterruptible");
        child.WriteLine("");
        child.ReadUntil("went on");
        Diagnosis.Of(child).Has("uninterruptible").ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void An_interpreter_at_its_end_is_told(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "finalizing.py");
        Diagnosis found = Diagnosis.Of(child);

        // 2.7 and 3.6 say it only while threads end (3.6: _Py_Finalizing is set, and read).
        if (child.Interpreter.AtLeast(3, 7))
            found.Severity("interpreter-phase").ShouldBe("warning");
        using PythonChild well = PythonChild.Start(Interpreters.Named(interpreter), "idle.py");
        Diagnosis.Of(well).Has("interpreter-phase").ShouldBeFalse();
    }

    [Fact]
    public void One_that_may_not_be_dumped_is_root_s()
    {
        using PythonChild child = PythonChild.Start(AsNobody([]), "undumpable.py");
        Diagnosis.By(s_nobody, child.Pid).Severity("access-not-dumpable").ShouldBe("problem");
        using PythonChild well = PythonChild.Start(AsNobody([]), "idle.py");
        Diagnosis.By(s_nobody, well.Pid).Severity("access-ok").ShouldBe("ok");
    }

    [Fact]
    public void One_with_more_capabilities_may_not_be_looked_at()
    {
        using PythonChild child = PythonChild.Start(AsNobody(["--inh-caps=+net_raw", "--ambient-caps=+net_raw"]), "idle.py");
        Diagnosis.By(s_nobody, child.Pid).Severity("access-more-capabilities").ShouldBe("problem");
    }

    [Fact]
    public void Processes_that_this_user_may_not_look_into_are_counted()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        Diagnosis.Machine(s_nobody).Has("processes-refused").ShouldBeTrue();
    }

    [Fact]
    public void The_symbols_of_program_library_and_modules_are_judged()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named("3.11-debian"), "undumpable.py");
        Diagnosis found = Diagnosis.Of(child);
        found.Has("interpreter-symbols").ShouldBeTrue();
        found.Has("libc-symbols").ShouldBeTrue();
        found.Has("program-symbols").ShouldBeFalse("the program is the interpreter");
        using PythonChild stripped = PythonChild.Start(Interpreters.Named("3.12.1-stripped"), "undumpable.py");
        Diagnosis.Of(stripped).Has("extension-symbols").ShouldBeTrue();
        using PythonChild embedded = PythonChild.Start(Interpreters.Named("3.11-uwsgi"), "idle.py");
        Diagnosis.Of(embedded).Has("program-symbols").ShouldBeTrue();
    }

    [Fact]
    public void A_whole_core_is_said_to_be_whole()
    {
        using var cores = new Cores();
        using PythonChild child = cores.Start(Interpreters.Any, "idle.py");
        string core = cores.Gcore(child);
        Diagnosis found = Diagnosis.OfCore(core);
        found.Severity("core-ok").ShouldBe("ok");
        found.Has("core-truncated").ShouldBeFalse();
        using (FileStream file = File.OpenWrite(core))
            file.SetLength(file.Length / 2);
        found = Diagnosis.OfCore(core);
        (found.Has("core-ok"), found.Has("core-truncated")).ShouldBe((false, true));
    }

    private static string Text(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);

    private static Interpreter AsNobody(string[] more) => Interpreters.Named("3.11-debian") with { Launch = [.. s_nobody, .. more, "/usr/bin/python3.11"] };
}
