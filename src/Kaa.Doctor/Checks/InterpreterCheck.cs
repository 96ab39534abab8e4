using Kaa.Formats.Elf;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Checks;

/// <summary>Which interpreter it is, and how it was built: what its answers rest on, and what of it misleads other tools.</summary>
internal sealed class InterpreterCheck : ICheck
{
    public string Subject => "interpreter";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.NoPython is { } reason)
            yield return NotRead(reason);
        if (examined is not { Target: { } target, Python: { } python, Interpreter: { } info })
            yield break;
        SysFacts? sys = python.ReadSys();
        yield return Describe(examined, target, python, info, sys);
        if (info.Phase != InterpreterPhase.Running)
        {
            string phase = info.Phase == InterpreterPhase.Starting ? "starting up" : "finalizing";
            yield return new Finding("interpreter-phase", Severity.Warning, $"the interpreter is {phase}: threads and modules may be missing, or gone already")
            {
                Remedy = info.Phase == InterpreterPhase.Starting ? ["# look again in a moment"] : [],
            };
        }

        if (OtherPrefix(info, sys) is { } prefix)
            yield return prefix;
        foreach (Finding finding in VirtualEnvironment.Examine(examined, info, sys))
            yield return finding;
        foreach (Finding finding in ProgramForm.Examine(examined, info, sys))
            yield return finding;
        if (target.Info.Kind == TargetKind.Process)
            yield return RemoteExecution.Examine(examined.Process, python, sys);
    }

    private static Finding NotRead(UserError reason) => new(reason.Code, Severity.Problem, reason.Message)
    {
        Remedy = reason.Hint is { } hint ? ["# " + hint] : [],
    };

    private static Finding Describe(Examined examined, ObservedTarget target, PythonProcess python, InterpreterInfo info, SysFacts? sys)
    {
        bool isPie = ProgramOf(target, info) is { } program && target.Images.For(program).Elf?.Header.Type == ElfType.SharedObject;
        string place = info.Library is { } library ? "in the shared library " + library : "linked into " + info.Executable;
        string kind = (info.Debug ? ", pydebug" : "") + (info.FreeThreaded ? ", free-threaded" : "");
        var evidence = new List<string> { "executable: " + (info.Executable ?? "unknown") + (isPie ? " (PIE)" : " (not PIE)") };
        if (sys?.Version is { } version)
            evidence.Add("sys.version: " + version.ReplaceLineEndings(" "));
        if (sys?.Executable is { } executable)
            evidence.Add($"sys.executable: '{executable}'");
        evidence.AddRange(BuildFlags.Lines(examined.Process?.Root, python.Version, python.Flavour, sys?.BasePrefix ?? sys?.Prefix));
        evidence.Add("offsets of its structures: " + info.Layout switch
        {
            LayoutSource.DebugOffsets => "from its own table (_Py_DebugOffsets)",
            LayoutSource.Dwarf => "from its debug information",
            _ => "from Kaa's table for this version; sys.hexversion read through them agrees",
        });
        return new Finding("interpreter", Severity.Info, $"CPython {info.Version}{kind}, {place}") { Evidence = evidence, Subject = info.Library ?? info.Executable };
    }

    internal static Module? ProgramOf(ObservedTarget target, InterpreterInfo info)
    {
        foreach (Module module in target.Modules.Modules)
        {
            if (module.Path == info.Executable)
                return module;
        }

        return null;
    }

    /// <summary>/opt/a/bin/python3.11 that runs /usr/lib/libpython3.11.so: LD_LIBRARY_PATH or a missing RPATH chose another interpreter than was meant.</summary>
    private static Finding? OtherPrefix(InterpreterInfo info, SysFacts? sys)
    {
        if (info is not { Executable: { } executable, Library: { } library } || !ProgramForm.IsPython(executable))
            return null;
        string own = Prefix(executable, "/bin/");
        string other = Prefix(library, "/lib/") is { Length: > 0 } found ? found : Prefix(library, "/lib64/");
        if (own.Length == 0 || other.Length == 0 || Merged(own) == Merged(other))
            return null;

        // A virtual environment may have a copy of the starter.
        if (own == sys?.Prefix && sys.BasePrefix is { } home && Merged(home) == Merged(other))
            return null;
        return new Finding("libpython-other-prefix", Severity.Warning, $"the executable is of {own}, the libpython that it runs of {other}: two installations are mixed")
        {
            Evidence = ["executable: " + executable, "libpython: " + library],
            Remedy = ["# which file the loader takes, and why (LD_LIBRARY_PATH, RUNPATH, ld.so.cache):", $"LD_DEBUG=libs {ShellWord.Of(executable)} -c pass 2>&1 | grep -A3 libpython"],
            Subject = library,
        };
    }

    private static string Prefix(string path, string part) => path.LastIndexOf(part, StringComparison.Ordinal) is > 0 and int at ? path[..at] : path.StartsWith(part, StringComparison.Ordinal) ? "/" : "";

    // With a merged /usr, /bin is /usr/bin.
    private static string Merged(string prefix) => prefix == "/" ? "/usr" : prefix;
}
