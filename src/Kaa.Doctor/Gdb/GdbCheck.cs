using System.Globalization;
using System.Text;
using Kaa.Doctor.Checks;
using Kaa.Formats.Dwarf;
using Kaa.Linux.Files;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Gdb;

/// <summary>
/// What would become of <c>gdb -p PID</c> and its py-bt here. Kaa needs none of it; whoever is used to gdb should know before it lies.
/// </summary>
internal sealed class GdbCheck : ICheck
{
    private const int MostScript = 1 << 20;

    public string Subject => "gdb's own way";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        GdbInstallation? gdb = GdbInstallation.Find(Environment.GetEnvironmentVariable("PATH"));
        if (gdb is null)
        {
            yield return new Finding("gdb-missing", Severity.Info, "there is no gdb on this machine; Kaa needs none")
            {
                Evidence = ["no gdb on the PATH"],
                Remedy = ["# before installing it, see which running processes that would harm:", "kaa doctor --package gdb"],
            };
            yield break;
        }

        var findings = new List<Finding>();
        if (gdb.Python is null)
            findings.Add(WithoutPython(gdb));
        if (examined is { Target: { } target, Python: { Module: { } module } python, Interpreter: { } info })
        {
            findings.AddRange(Script(gdb, module, python.Version, info));
            if (DebugQuality.Of(module, target, withEval: true) is { } quality && Variables(quality, python.Version) is { } variables)
                findings.Add(variables);
            if (examined.Process is not null)
                findings.AddRange(Files(examined, module));
        }

        foreach (Finding finding in findings)
            yield return finding;
        if (findings.TrueForAll(finding => finding.Severity < Severity.Warning))
        {
            yield return new Finding("gdb-ok", Severity.Ok, examined.Target is null ? "gdb is here, with Python" : "nothing is known against gdb's py-bt here")
            {
                Evidence = [$"{gdb.Path}, Python: {gdb.Python}"],
                Subject = gdb.Path,
            };
        }
    }

    private static Finding WithoutPython(GdbInstallation gdb) => new("gdb-without-python", Severity.Warning, "this gdb has no Python in it: there is no py-bt for it at all")
    {
        Evidence = [gdb.Path + " is not linked with a libpython"],
        Remedy = ["# Debian's gdb-minimal is such a one; before installing another:", "kaa doctor --package gdb"],
        Subject = gdb.Path,
    };

    private static IEnumerable<Finding> Script(GdbInstallation gdb, Module module, Python.PythonVersion version, InterpreterInfo info)
    {
        var autoLoad = new AutoLoad(gdb.Data, Environment.GetEnvironmentVariable("HOME"), ReadText);
        string tag = info.Version;
        if (autoLoad.Find(module.Path) is not { } script)
        {
            yield return new Finding("gdb-script-missing", Severity.Warning, "gdb has no script for this interpreter: py-bt is undefined")
            {
                Evidence = [.. autoLoad.Places(module.Path).Select(place => place + ": no such file")],
                Remedy =
                [
                    "# the script of this very version is in CPython's source:",
                    $"curl -fLO https://raw.githubusercontent.com/python/cpython/v{tag}/Tools/gdb/libpython.py",
                    "# then, in gdb:",
                    "# source libpython.py",
                ],
                Subject = module.Path,
            };
            yield break;
        }

        if (!script.IsSafe)
        {
            yield return new Finding("gdb-script-declined", Severity.Warning, "gdb declines the interpreter's script: it does not lie below auto-load safe-path, and py-bt is undefined")
            {
                Evidence = [script.Path, "safe-path: " + string.Join(':', autoLoad.SafeDirectories())],
                Remedy = [$"gdb -iex 'add-auto-load-safe-path {script.Path}' -p PID"],
                Subject = script.Path,
            };
        }

        if (!LibPythonScript.Fits(script.Text, version) && LibPythonScript.Range(script.Text) is { } range)
        {
            string which = range.First == 0 ? "2.7" : range.Last == 99 ? "3.14 and later" : range.First == range.Last ? $"3.{range.First}" : $"3.{range.First} to 3.{range.Last}";
            yield return new Finding("gdb-script-mismatch", Severity.Problem, $"gdb's script for this interpreter is for Python {which}, and it runs {version}: py-bt fails or lies")
            {
                Evidence = [script.Path],
                Remedy = [$"curl -fLO https://raw.githubusercontent.com/python/cpython/v{tag}/Tools/gdb/libpython.py", "# then, in gdb: source libpython.py"],
                Subject = script.Path,
            };
        }
    }

    /// <summary>py-bt reads variables of the function that runs Python code: f up to 3.10, frame and cframe since 3.11.</summary>
    internal static Finding? Variables(DebugQuality quality, Python.PythonVersion version)
    {
        string variable = version is { Major: 3, Minor: >= 11 } ? "frame" : "f";
        if (quality.Eval is not { HasLocals: true } eval)
        {
            return new Finding("gdb-no-debug-info", Severity.Warning, "gdb knows no types and variables of this interpreter: py-bt shows no frame")
            {
                Evidence = [$"{quality.Module.Path}: {(quality.HasDebugInfo ? "DWARF without variables of the function that runs Python code" : "no DWARF, and no debug file of its build")}"],
                Remedy = [string.Create(CultureInfo.InvariantCulture, $"# Kaa needs none: kaa bt; for gdb see the finding interpreter-symbols")],
                Subject = quality.Module.Path,
            };
        }

        bool isOptimized = quality.Optimization is "-O1" or "-O2" or "-O3" or "-Os" or "-Ofast" or "-O";
        if (!isOptimized)
            return null;
        return new Finding("gdb-optimized-out", Severity.Info, "the interpreter is optimized: frames of py-bt may read (frame information optimized out), and variables <optimized out>")
        {
            Evidence = [$"{eval.Name} was compiled with {quality.Optimization}: {eval.Producer}", $"py-bt wants the variable '{variable}' of {(version.Major == 2 ? "PyEval_EvalFrameEx" : "_PyEval_EvalFrameDefault")}"],
            Remedy = ["# Kaa does not read C variables; for gdb, a build with -Og or --with-pydebug"],
            Subject = quality.Module.Path,
        };
    }

    /// <summary>gdb opens files by the names that the link map has, on its own side.</summary>
    private static IEnumerable<Finding> Files(Examined examined, Module module)
    {
        var process = examined.Process!;
        string pid = process.Pid.ToString(CultureInfo.InvariantCulture);
        if (process.Prefix.Length > 0)
        {
            yield return new Finding("gdb-other-root", Severity.Problem, "the process has a root of its own: gdb opens the libraries of this machine instead of its own, and shows wrong symbols")
            {
                Evidence = [$"root: {process.Prefix}", $"{module.Path} is to be {process.Prefix}{module.Path}"],
                Remedy = [$"gdb -iex 'set sysroot {process.Prefix}' {ShellWord.Of(process.Prefix + (examined.Interpreter?.Executable ?? ""))} {pid}"],
                Subject = process.Prefix,
            };
        }

        if (process.Link("exe") is { } exe && exe.EndsWith(" (deleted)", StringComparison.Ordinal))
        {
            yield return new Finding("gdb-exe-deleted", Severity.Problem, "the program's file was deleted: gdb finds none, or takes the new one at its path for it")
            {
                Evidence = ["exe -> " + exe],
                Remedy = [$"gdb /proc/{pid}/exe {pid}"],
                Subject = exe[..^" (deleted)".Length],
            };
        }
    }

    private static string? ReadText(string path)
    {
        using Stream? stream = HostFiles.OpenRead(path);
        if (stream is null)
            return null;
        byte[] bytes = new byte[(int)Math.Min(stream.Length, MostScript)];
        return Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
    }
}
