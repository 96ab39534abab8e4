namespace Kaa.Linux.Access;

/// <summary>Bits of a capability set (include/uapi/linux/capability.h).</summary>
public static class Capabilities
{
    /// <summary>CAP_SYS_PTRACE.</summary>
    public const int Trace = 19;

    /// <summary>CAP_SYS_ADMIN.</summary>
    public const int Administration = 21;

    /// <summary>CAP_CHECKPOINT_RESTORE, since Linux 5.9.</summary>
    public const int Checkpoint = 40;

    public static bool Has(ulong set, int capability) => (set >> capability & 1) != 0;
}
