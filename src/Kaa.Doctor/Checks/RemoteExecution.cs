using Kaa.Linux.Processes;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>Can <c>sys.remote_exec</c> and <c>pdb -p</c> reach it (PEP 768)? If not, what turned that off?</summary>
internal static class RemoteExecution
{
    private const string Variable = "PYTHON_DISABLE_REMOTE_DEBUG";

    public static Finding Examine(ProcessFolder? process, PythonProcess python, SysFacts? sys)
    {
        if (python.Version.Major < 3 || python.Version is { Major: 3, Minor: < 14 })
        {
            return new Finding("remote-exec-absent", Severity.Info, $"Python {python.Version} has no sys.remote_exec and no pdb -p: they came with 3.14")
            {
                Evidence = [$"version {python.Version}"],
            };
        }

        if (sys?.RemoteDebug is not { } isOn)
            return new Finding("remote-exec-unknown", Severity.Info, "whether sys.remote_exec is let in could not be read") { Incomplete = true };
        if (isOn)
        {
            return new Finding("remote-exec", Severity.Ok, "sys.remote_exec and pdb -p are let in (their client must be the same minor version)")
            {
                Evidence = ["config.remote_debug = 1"],
            };
        }

        return new Finding("remote-exec-off", Severity.Warning, "sys.remote_exec and pdb -p are turned off in this process, which only a restart changes")
        {
            Evidence = ["config.remote_debug = 0", Reason(process)],
            Remedy = ["# start it without that variable and option; a build --without-remote-debug never has it"],
        };
    }

    private static string Reason(ProcessFolder? process)
    {
        foreach (string one in process?.Environment ?? [])
        {
            if (one.StartsWith(Variable + "=", StringComparison.Ordinal))
                return "environment: " + one;
        }

        foreach (string one in process?.Command ?? [])
        {
            if (one.Contains("disable-remote-debug", StringComparison.Ordinal))
                return "command: " + one;
        }

        return $"neither {Variable} nor -X disable-remote-debug was given at its start: the build or the program itself turned it off";
    }
}
