using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>What the process itself forbids to code that a debugger runs in it: a seccomp filter, shadow stacks.</summary>
internal sealed class ConfinementCheck : ICheck
{
    public string Subject => "seccomp and shadow stacks";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process?.Status is not { } status)
            yield break;
        if (status.Seccomp is SeccompMode.Filter or SeccompMode.Strict)
        {
            string kind = status.Seccomp == SeccompMode.Filter ? "a filter" : "strict mode";
            yield return new Finding(
                "target-seccomp", Severity.Info,
                "a seccomp filter watches its system calls: looking is not touched by it, but calls that a debugger makes inside of it can fail, or kill it")
            {
                Evidence = [string.Create(CultureInfo.InvariantCulture, $"status: Seccomp: {(int)status.Seccomp} ({kind})")],
                Remedy = ["# gdb's call and print FUNCTION() run under the filter; as root a tracer may suspend it (PTRACE_O_SUSPEND_SECCOMP)"],
            };
        }

        if (status.ShadowStack)
        {
            yield return new Finding(
                "target-shadow-stack", Severity.Info,
                "it runs with a shadow stack: return addresses that a debugger changes or invents (gdb's return, call before gdb 17) kill it")
            {
                Evidence = ["status: x86_Thread_features: shstk"],
                Remedy = ["# to start it without:", "GLIBC_TUNABLES=glibc.cpu.hwcaps=-SHSTK COMMAND"],
            };
        }
    }
}
