using Kaa.Linux.Proc;

namespace Kaa.Control.Memory;

/// <summary>How much of a process is in memory.</summary>
internal sealed class ResidentSize(int pid)
{
    private readonly KernelText _text = new();

    /// <summary>Bytes; null where the process is gone.</summary>
    public long? Read() => (long?)MemorySizes.Read(ProcRoot.System, pid, _text)?.Resident;
}
