using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>Each trap is laid for a real process; the same check is silent on one without it.</summary>
public sealed class ProcessTrapTests
{
    private const string Nobody = "--reuid=65534";

    public static TheoryData<string> All => Interpreters.All;

    [Theory]
    [MemberData(nameof(All))]
    public void A_healthy_process_has_no_trap(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using PythonChild child = PythonChild.Start(interpreter, "idle.py");
        Diagnosis found = Diagnosis.Of(child);
        found.Interpreter.GetProperty("version").GetString().ShouldBe(interpreter.Version);
        foreach (string code in (string[])["access-ok", "not-traced", "state-ok", "mapped-files-ok"])
            found.Severity(code).ShouldBe("ok");

        // Only gdb would have a problem: with the files of another root.
        found.Which("problem").ShouldBe(interpreter.Root is null ? [] : ["gdb-other-root"]);
        found.Which("warning").Where(code => !code.StartsWith("gdb-", StringComparison.Ordinal)).ShouldBeSubsetOf(["core-limit"]);
        found.Has("embedded").ShouldBe(interpreter.Embedded is not null);
        found.Evidence("interpreter").ShouldContain("sys.version: " + interpreter.Version);

        // Those of sid are stripped too, but have their debug files beside them.
        if (interpreter.Name == "3.12.1-stripped")
            found.Severity("interpreter-symbols").ShouldBe("info");
        found.Has(interpreter.AtLeast(3, 14) ? "remote-exec" : "remote-exec-absent").ShouldBeTrue();
    }

    [Fact]
    public void Another_tracer_is_named()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        using Process tracer = Program.Start(Interpreters.Any.Launch[0], [Repository.Fixture("tracer.py"), child.Pid.ToString(CultureInfo.InvariantCulture)]);
        try
        {
            tracer.StandardOutput.ReadLine().ShouldBe("ready");
            Diagnosis found = Diagnosis.Of(child);
            found.Severity("already-traced").ShouldBe("problem");
            found.Evidence("already-traced").ShouldContain("tracer.py");
            found.Remedy("already-traced").ShouldContain($"kill {tracer.Id}");
        }
        finally
        {
            tracer.StandardInput.Close();
            tracer.WaitForExit();
        }
    }

    [Fact]
    public void A_stopped_process_is_told_to_be_stopped()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        Program.Run("/bin/kill", ["-STOP", pid]).Exit.ShouldBe(0);
        Diagnosis.Of(child).Remedy("stopped").ShouldBe("kill -CONT " + pid);
    }

    [Fact]
    public void A_zombie_and_its_parent()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "zombie.py");
        Diagnosis.Of(int.Parse(child.Ready, CultureInfo.InvariantCulture)).Remedy("zombie").ShouldContain($"kaa bt {child.Pid}");
    }

    [Fact]
    public void A_program_that_is_no_Python()
    {
        using Process process = Program.Start("/bin/cat", []);
        try
        {
            Diagnosis.Of(process.Id).Severity("not-python").ShouldBe("problem");
        }
        finally
        {
            process.StandardInput.Close();
            process.WaitForExit();
        }
    }

    [Fact]
    public void Another_user_may_not_look()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        Diagnosis found = Diagnosis.By(["setpriv", Nobody, "--regid=65534", "--clear-groups"], child.Pid);
        found.Severity("access-other-user").ShouldBe("problem");
        found.Evidence("access-other-user").ShouldContain("Kaa: uid 65534");
        found.Remedy("access-other-user").ShouldContain("sudo kaa bt");
    }

    [Fact]
    public void A_root_without_the_capability_may_not_look()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        Diagnosis found = Diagnosis.By(["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"], child.Pid);
        found.Severity("access-capability").ShouldBe("problem");
    }

    [Fact]
    public void Rights_in_another_user_namespace_are_none()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        Diagnosis.By(["unshare", "--user", "--map-root-user"], child.Pid).Severity("access-user-namespace").ShouldBe("problem");
    }

    [Fact]
    public void A_filter_on_Kaa_itself_is_told()
    {
        string python = Interpreters.Any.Launch[0];
        ProgramResult result = Program.Run(python, [Repository.Fixture("filtered.py"), Repository.Kaa, "doctor", "--json"]);
        result.Output.ShouldContain("\"code\":\"kaa-seccomp\"");
        result.Output.ShouldContain("process_vm_readv of nothing: EPERM");
        Harness.Kaa.Run("doctor", "--json").Output.ShouldNotContain("kaa-seccomp");
    }

    [Fact]
    public void A_filter_of_the_process_is_told()
    {
        string python = Interpreters.Any.Launch[0];
        Interpreter filtered = Interpreters.Any with { Launch = [python, Repository.Fixture("filtered.py"), python] };
        using PythonChild child = PythonChild.Start(filtered, "idle.py");
        Diagnosis.Of(child).Evidence("target-seccomp").ShouldContain("Seccomp: 2");
    }

    [Fact]
    public void Namespaces_of_its_own_are_told()
    {
        Interpreter apart = Interpreters.Any with { Launch = ["unshare", "--mount", "--net", .. Interpreters.Any.Launch] };
        using PythonChild child = PythonChild.Start(apart, "idle.py");
        string evidence = Diagnosis.Of(child).Evidence("other-namespaces");
        evidence.ShouldContain("mounts (files): mnt:[");
        evidence.ShouldContain("network: net:[");
        evidence.ShouldNotContain("process ids");
    }

    [Fact]
    public void A_frozen_control_group_is_told()
    {
        const string Freezer = "/sys/fs/cgroup/freezer";
        if (!Directory.Exists(Freezer))
            return;
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        string group = $"{Freezer}/kaa-test-{child.Pid}";
        Directory.CreateDirectory(group);
        try
        {
            File.WriteAllText(group + "/cgroup.procs", child.Pid.ToString(CultureInfo.InvariantCulture));
            Diagnosis.Of(child).Has("frozen").ShouldBeFalse();
            File.WriteAllText(group + "/freezer.state", "FROZEN");
            Diagnosis.Of(child).Remedy("frozen").ShouldBe($"echo THAWED | sudo tee {group}/freezer.state");
        }
        finally
        {
            File.WriteAllText(group + "/freezer.state", "THAWED");
            File.WriteAllText(Freezer + "/cgroup.procs", child.Pid.ToString(CultureInfo.InvariantCulture));
            Directory.Delete(group);
        }
    }

    [Fact]
    public void What_keeps_a_crash_from_leaving_a_core()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "idle.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        Program.Run("prlimit", ["--pid", pid, "--core=0:unlimited"]).Exit.ShouldBe(0);
        File.WriteAllText($"/proc/{pid}/coredump_filter", "0x32");
        Diagnosis found = Diagnosis.Of(child);
        found.Remedy("core-limit").ShouldStartWith($"prlimit --pid {pid} --core=unlimited");
        found.Evidence("core-filter").ShouldContain("0x32");
        Program.Run("prlimit", ["--pid", pid, "--core=unlimited:unlimited"]).Exit.ShouldBe(0);
        File.WriteAllText($"/proc/{pid}/coredump_filter", "0x33");
        found = Diagnosis.Of(child);
        (found.Has("core-limit"), found.Has("core-filter"), found.Severity("core-place")).ShouldBe((false, false, "ok"));
    }

    [Fact]
    public void A_process_that_changed_its_user_leaves_no_core()
    {
        if (File.ReadAllText("/proc/sys/fs/suid_dumpable").Trim() != "0" || File.ReadAllText("/proc/sys/kernel/core_pattern").StartsWith('|'))
            return;
        const string Change = "import os, runpy, sys; os.setresuid(65534, 65534, 65534); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')";
        Interpreter changing = Interpreters.Named("3.11-debian") with { Launch = ["/usr/bin/python3", "-c", Change] };
        using PythonChild child = PythonChild.Start(changing, "idle.py");
        Diagnosis.Of(child).Evidence("core-not-dumpable").ShouldContain("fs.suid_dumpable = 0");
    }
}
