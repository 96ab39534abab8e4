using System.Globalization;
using System.IO.Compression;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>Files under a running process that are deleted, replaced, overwritten; environments, archives and scripts for gdb.</summary>
public sealed class FileTrapTests : IDisposable
{
    private const string Debian = "/usr/bin/python3.11";

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-doctor-").FullName;

    /// <summary>A copy of Debian's static interpreter, which can be run from anywhere.</summary>
    private string Copy => _directory + "/bin/python3.11";

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void A_deleted_program()
    {
        using PythonChild child = StartCopy();
        Diagnosis.Of(child).Has("mapped-file-deleted").ShouldBeFalse();
        File.Delete(Copy);
        Diagnosis found = Diagnosis.Of(child);
        found.Evidence("mapped-file-deleted").ShouldContain(Copy + ": maps: (deleted)");
        found.Remedy("gdb-exe-deleted").ShouldContain($"gdb /proc/{child.Pid}/exe {child.Pid}");
    }

    [Fact]
    public void A_program_replaced_by_another_build()
    {
        using PythonChild child = StartCopy();
        Rename("/bin/cat");
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("mapped-file-replaced").ShouldBe("problem");
        found.Evidence("mapped-file-replaced").ShouldContain("; at the path now: build ");
    }

    [Fact]
    public void A_program_replaced_by_the_same_build_is_harmless()
    {
        using PythonChild child = StartCopy();
        Rename(Debian);
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("mapped-file-reinstalled").ShouldBe("info");
        found.Has("mapped-file-replaced").ShouldBeFalse();
    }

    [Fact]
    public void A_library_that_was_overwritten_in_place()
    {
        string library = _directory + "/libkaa.so";
        File.Copy(FindLibrary("libz.so.1"), library);
        using PythonChild child = StartCode($"import ctypes; held = ctypes.CDLL({Quoted(library)})");
        Diagnosis.Of(child).Has("mapped-file-overwritten").ShouldBeFalse();
        using (FileStream file = File.Open(library, FileMode.Open, FileAccess.Write))
            file.Write(File.ReadAllBytes(FindLibrary("liblzma.so.5")));
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("mapped-file-overwritten").ShouldBe("problem");
        found.Subject("mapped-file-overwritten").ShouldBe(library);
    }

    [Fact]
    public void A_virtual_environment_and_one_that_is_for_another_version()
    {
        string environment = _directory + "/venv";
        Program.Run(Debian, ["-m", "venv", "--without-pip", environment]).Exit.ShouldBe(0);
        Interpreter inside = Interpreters.Any with { Launch = [environment + "/bin/python"] };
        using (PythonChild child = PythonChild.Start(inside, "idle.py"))
        {
            Diagnosis found = Diagnosis.Of(child);
            found.Subject("virtualenv").ShouldBe(environment);
            found.Remedy("virtualenv").ShouldContain($"gdb {Debian} {child.Pid}");
            found.Has("virtualenv-stale").ShouldBeFalse();
        }

        string configuration = File.ReadAllText(environment + "/pyvenv.cfg");
        File.WriteAllText(environment + "/pyvenv.cfg", configuration.Replace("version = 3.11", "version = 3.9", StringComparison.Ordinal));
        using PythonChild stale = PythonChild.Start(inside, "idle.py");
        Diagnosis.Of(stale).Severity("virtualenv-stale").ShouldBe("warning");
    }

    [Fact]
    public void A_program_in_one_archive_and_one_whose_archive_is_gone()
    {
        string archive = _directory + "/app.pyz";
        using (ZipArchive zip = ZipFile.Open(archive, ZipArchiveMode.Create))
        using (var main = new StreamWriter(zip.CreateEntry("__main__.py").Open()))
            main.Write(File.ReadAllText(Repository.Fixture("idle.py")));
        using PythonChild child = PythonChild.StartFile(Interpreters.Any, archive);
        Diagnosis.Of(child).Subject("zip-app").ShouldBe(archive);
        Diagnosis.Of(child).Has("zip-app-gone").ShouldBeFalse();
        File.Delete(archive);
        Diagnosis.Of(child).Severity("zip-app-gone").ShouldBe("warning");
        using (ZipArchive zip = ZipFile.Open(archive, ZipArchiveMode.Create))
            zip.CreateEntry("another.py");
        File.SetLastWriteTime(archive, DateTime.Now.AddMinutes(1));
        Diagnosis.Of(child).Severity("zip-app-replaced").ShouldBe("warning");
    }

    [Fact]
    public void An_executable_whose_libpython_is_of_another_prefix()
    {
        Interpreter shared = Interpreters.Named("3.11.7");
        Directory.CreateDirectory(_directory + "/bin");
        File.Copy(shared.Executable!, Copy);
        string prefix = Path.GetDirectoryName(Path.GetDirectoryName(shared.Executable))!;
        Interpreter mixed = shared with { Launch = ["/usr/bin/env", "PYTHONHOME=" + prefix, "LD_LIBRARY_PATH=" + prefix + "/lib", Copy] };
        using PythonChild child = PythonChild.Start(mixed, "idle.py");
        Diagnosis.Of(child).Evidence("libpython-other-prefix").ShouldContain("executable: " + Copy);
    }

    [Theory]
    [InlineData("PYTHON_DISABLE_REMOTE_DEBUG=1", null)]
    [InlineData(null, "disable-remote-debug")]
    public void Remote_execution_that_was_turned_off(string? variable, string? option)
    {
        Interpreter newest = Interpreters.Known.First(interpreter => interpreter.AtLeast(3, 14) && interpreter.Embedded is null);
        string[] before = variable is null ? [] : ["/usr/bin/env", variable];
        string[] behind = option is null ? [] : ["-X", option];
        using PythonChild child = PythonChild.Start(newest with { Launch = [.. before, .. newest.Launch, .. behind] }, "idle.py");
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("remote-exec-off").ShouldBe("warning");
        found.Evidence("remote-exec-off").ShouldContain(variable is null ? "command: " : "environment: " + variable);
    }

    [Fact]
    public void A_debug_file_of_another_build()
    {
        Directory.CreateDirectory(_directory + "/bin");
        File.Copy(Debian, Copy);
        string link = _directory + "/bin/other.debug";
        File.Copy("/bin/cat", link);
        Program.Run("objcopy", ["--remove-section=.gnu_debuglink", Copy]).Exit.ShouldBe(0);
        Program.Run("objcopy", ["--add-gnu-debuglink=" + link, Copy]).Exit.ShouldBe(0);
        using PythonChild child = StartCopy();
        Diagnosis found = Diagnosis.Of(child);
        found.Subject("debug-file-mismatch").ShouldBe(link);
        found.Severity("interpreter-symbols").ShouldBe("info");
    }

    [Fact]
    public void A_script_for_gdb_that_lies_outside_of_its_safe_path_and_one_for_another_version()
    {
        using PythonChild child = StartCopy();
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        string[] home = ["/usr/bin/env", "HOME=" + _directory];
        Diagnosis.By(home, child.Pid).Evidence("gdb-script-missing").ShouldContain(Copy + "-gdb.py: no such file");

        File.WriteAllText(Copy + "-gdb.py", "prev_instr = self._gdbval[\"prev_instr\"]\n");
        Diagnosis.By(home, child.Pid).Subject("gdb-script-declined").ShouldBe(Copy + "-gdb.py");

        File.WriteAllText(_directory + "/.gdbinit", $"add-auto-load-safe-path {_directory}\n");
        Diagnosis allowed = Diagnosis.By(home, child.Pid);
        (allowed.Has("gdb-script-missing"), allowed.Has("gdb-script-declined"), allowed.Has("gdb-script-mismatch")).ShouldBe((false, false, false));

        File.WriteAllText(Copy + "-gdb.py", "EVALFRAME = '_PyEval_EvalFrameDefault'\nself.co.addr2line(self.f_lasti*2)\n");
        Diagnosis.By(home, child.Pid).Severity("gdb-script-mismatch").ShouldBe("problem");
    }

    [Fact]
    public void A_core_that_is_whole_and_one_that_is_cut()
    {
        if (Cores.Hindrance is not null)
            return;
        using var cores = new Cores();
        string path;
        using (PythonChild child = cores.Start(Interpreters.Any, "idle.py"))
            path = cores.Kill(child);
        Diagnosis.OfCore(path).Which("problem").ShouldBeEmpty();
        using (FileStream file = File.OpenWrite(path))
            file.SetLength(file.Length * 9 / 10);
        Diagnosis.OfCore(path).Severity("core-truncated").ShouldBe("problem");
    }

    [Fact]
    public void A_core_whose_program_is_gone()
    {
        if (Cores.Hindrance is not null)
            return;
        using var cores = new Cores();
        Directory.CreateDirectory(_directory + "/bin");
        File.Copy(Debian, Copy);
        string path;
        using (PythonChild child = cores.Start(Interpreters.Any with { Launch = ["/usr/bin/env", "PYTHONHOME=/usr", Copy] }, "idle.py"))
            path = cores.Kill(child);
        File.Delete(Copy);
        Diagnosis found = Diagnosis.OfCore(path);
        found.Subject("file-missing").ShouldBe(Copy);
        found.Remedy("file-missing").ShouldContain("--sysroot");
    }

    [Fact]
    public void The_upgrade_that_replaced_a_file_is_named_with_the_package_and_its_log()
    {
        // A package database of its own, in a mount namespace of its own: the machine's stays as it is.
        string day = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Directory.CreateDirectory(_directory + "/dpkg/info");
        Directory.CreateDirectory(_directory + "/log");
        File.WriteAllText(_directory + "/dpkg/status", "Package: kaa-python\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0\n\n");
        File.WriteAllText(_directory + "/dpkg/info/kaa-python.list", $"/.\n{Copy}\n");
        string entry = $"{day} 23:59:59 upgrade kaa-python:amd64 1.0 2.0";
        File.WriteAllText(_directory + "/log/dpkg.log", entry + "\n");
        string mounts = $"mount --bind {_directory}/dpkg /var/lib/dpkg && mount --bind {_directory}/log /var/log && exec \"$@\"";
        Directory.CreateDirectory(_directory + "/bin");
        File.Copy(Debian, Copy);
        Interpreter apart = Interpreters.Any with { Launch = ["unshare", "--mount", "sh", "-c", mounts, "sh", "/usr/bin/env", "PYTHONHOME=/usr", Copy] };
        using PythonChild child = PythonChild.Start(apart, "idle.py");
        Rename("/bin/cat");
        Diagnosis found = Diagnosis.Of(child);
        found.Subject("mapped-file-replaced").ShouldBe("kaa-python");
        found.Evidence("mapped-file-replaced").ShouldContain("installed now: kaa-python 2.0 (dpkg)");
        found.Evidence("mapped-file-replaced").ShouldContain("dpkg.log: " + entry);
    }

    private static string Quoted(string text) => "'" + text + "'";

    private static string FindLibrary(string name) => (string[])["/lib/x86_64-linux-gnu/" + name, "/usr/lib/x86_64-linux-gnu/" + name, "/usr/lib64/" + name, "/usr/lib/" + name] is { } places
        ? places.First(File.Exists) : "";

    private PythonChild StartCopy()
    {
        Directory.CreateDirectory(_directory + "/bin");
        if (!File.Exists(Copy))
            File.Copy(Debian, Copy);
        return PythonChild.Start(Interpreters.Any with { Launch = ["/usr/bin/env", "PYTHONHOME=/usr", Copy] }, "idle.py");
    }

    private PythonChild StartCode(string code)
    {
        string script = _directory + "/script.py";
        File.WriteAllText(script, code + "\n" + File.ReadAllText(Repository.Fixture("idle.py")));
        return PythonChild.StartFile(Interpreters.Any, script);
    }

    private void Rename(string file)
    {
        File.Copy(file, Copy + ".new");
        File.Move(Copy + ".new", Copy, overwrite: true);
    }
}
