using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary><c>kaa doctor</c> without a target, and what it makes of the gdb that it finds.</summary>
public sealed class MachineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-doctor-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void Python_processes_are_listed_and_what_hinders_a_look_at_one_is_told()
    {
        using PythonChild well = PythonChild.Start(Interpreters.Any, "idle.py");
        using PythonChild stopped = PythonChild.Start(Interpreters.Any, "idle.py");
        string pid = stopped.Pid.ToString(CultureInfo.InvariantCulture);
        Program.Run("/bin/kill", ["-STOP", pid]).Exit.ShouldBe(0);
        Diagnosis found = Machine();
        found.Evidence("processes").ShouldContain($"{well.Pid}: cpython {Interpreters.Any.Version}: ");
        found.Evidence("processes").ShouldNotContain($"{pid}: ");
        found.Subjects("process-hindered").ShouldContain(pid);
        found.Has("yama").ShouldBeTrue();
        found.Severity("trace-capability").ShouldBe("ok");
    }

    [Fact]
    public void A_machine_without_gdb_needs_none()
    {
        Diagnosis found = Machine("PATH=/nowhere");
        found.Severity("gdb-missing").ShouldBe("info");
        found.Remedy("gdb-missing").ShouldContain("kaa doctor --package gdb");
    }

    [Fact]
    public void A_gdb_without_Python_is_told_from_one_with_it()
    {
        File.Copy("/bin/cat", _directory + "/gdb");
        Machine("PATH=" + _directory).Severity("gdb-without-python").ShouldBe("warning");
        if (File.Exists("/usr/bin/gdb"))
            Machine("PATH=/usr/bin").Evidence("gdb-ok").ShouldContain("libpython");
    }

    private static Diagnosis Machine(params string[] variables) => Diagnosis.Machine(["/usr/bin/env", .. variables]);
}
