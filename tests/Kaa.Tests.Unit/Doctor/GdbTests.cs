using Kaa.Doctor.Gdb;
using Kaa.Python;

namespace Kaa.Tests.Unit.Doctor;

public sealed class GdbTests
{
    private const string File = "/opt/python/lib/libpython3.11.so.1.0";

    private readonly Dictionary<string, string> _files = [];

    [Fact]
    public void A_script_below_gdb_s_own_directory_is_safe()
    {
        _files["/usr/share/gdb/auto-load" + File + "-gdb.py"] = "script";
        Find().ShouldBe(("/usr/share/gdb/auto-load" + File + "-gdb.py", true, "script"));
    }

    [Fact]
    public void One_beside_the_library_is_declined_unless_an_initial_file_allows_it()
    {
        _files[File + "-gdb.py"] = "script";
        Find()!.Value.IsSafe.ShouldBeFalse();
        _files["/home/me/.gdbinit"] = "set pagination off\nadd-auto-load-safe-path /opt/python\n";
        Find()!.Value.IsSafe.ShouldBeTrue();
    }

    [Theory]
    [InlineData("set auto-load safe-path /", true)]
    [InlineData("set auto-load safe-path /opt/py", false)]
    [InlineData("set auto-load safe-path $debugdir:/opt", true)]
    [InlineData("add-auto-load-safe-path /srv:/opt/python/lib/", true)]
    public void The_safe_path_is_a_list_of_directories(string line, bool isSafe)
    {
        _files[File + "-gdb.py"] = "script";
        _files["/home/me/.config/gdb/gdbinit"] = line;
        Find()!.Value.IsSafe.ShouldBe(isSafe);
    }

    [Fact]
    public void Without_a_script_there_is_none() => Find().ShouldBeNull();

    [Theory]
    [InlineData("gdbval.type.name == '_PyStackRef'\nself._gdbval[\"instr_ptr\"]", 14, 13)]
    [InlineData("instr_ptr = self._gdbval[\"instr_ptr\"]", 13, 12)]
    [InlineData("prev_instr = self._gdbval[\"prev_instr\"]", 11, 13)]
    [InlineData("EVALFRAME = '_PyEval_EvalFrameDefault'\nself.co.addr2line(self.f_lasti*2)", 10, 9)]
    [InlineData("EVALFRAME = '_PyEval_EvalFrameDefault'\nself.co.addr2line(self.f_lasti)", 8, 10)]
    public void What_the_script_reads_tells_which_versions_it_is_for(string script, int fits, int fitsNot)
    {
        LibPythonScript.Fits(script, new PythonVersion(3, fits)).ShouldBeTrue();
        LibPythonScript.Fits(script, new PythonVersion(3, fitsNot)).ShouldBeFalse();
        LibPythonScript.Fits(script, new PythonVersion(2, 7)).ShouldBeFalse();
    }

    [Fact]
    public void A_script_that_tells_nothing_is_given_the_benefit_of_the_doubt() => LibPythonScript.Fits("print(1)", new PythonVersion(3, 11)).ShouldBeTrue();

    private (string Path, bool IsSafe, string Text)? Find() => new AutoLoad("/usr/share/gdb", "/home/me", path => _files.GetValueOrDefault(path)).Find(File);
}
