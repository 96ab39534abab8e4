using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>What the kernel would leave out of a core: <c>/proc/PID/coredump_filter</c> (core(5)) and RLIMIT_FSIZE.</summary>
internal static class CoreContent
{
    private const int PrivateAnonymous = 1;
    private const int SharedAnonymous = 2;
    private const int ElfHeaders = 16;

    public static IEnumerable<Finding> Examine(ProcessFolder process)
    {
        string pid = process.Pid.ToString(CultureInfo.InvariantCulture);
        if (ResourceLimit.Of(process, "Max file size") is { Soft: { } most } limit && most < (process.Status.ResidentSize ?? 0))
        {
            yield return new Finding("core-file-size", Severity.Warning, "RLIMIT_FSIZE is less than the process has in memory: its core would be cut short")
            {
                Evidence = [limit.Line],
                Remedy = [$"sudo prlimit --pid {pid} --fsize=unlimited:unlimited"],
            };
        }

        string text = (process.Text("coredump_filter") ?? "").Trim();
        if (!int.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int filter))
            yield break;
        string? lost = Lost(filter);
        if (lost is null)
            yield break;
        yield return new Finding("core-filter", (filter & SharedAnonymous) == 0 && (filter & (PrivateAnonymous | ElfHeaders)) == (PrivateAnonymous | ElfHeaders) ? Severity.Info : Severity.Warning, lost)
        {
            Evidence = [$"coredump_filter: 0x{text.TrimStart('0').PadLeft(1, '0')} (the kernel's default is 0x33)"],
            Remedy = [$"echo 0x33 | sudo tee /proc/{pid}/coredump_filter"],
        };
    }

    private static string? Lost(int filter)
    {
        if ((filter & PrivateAnonymous) == 0)
            return "coredump_filter leaves private memory out: a core would hold no Python object, and no stack could be read from it";
        if ((filter & ElfHeaders) == 0)
            return "coredump_filter leaves ELF headers out: nothing in a core would prove which builds its libraries were";
        return (filter & SharedAnonymous) == 0 ? "coredump_filter leaves shared memory out: objects in it (multiprocessing.shared_memory) would be missing" : null;
    }
}
