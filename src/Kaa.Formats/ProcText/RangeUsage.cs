namespace Kaa.Formats.ProcText;

/// <summary>What a range of memory is marked with that decides on forking and dumping it (VmFlags of smaps, proc_pid_smaps(5)).</summary>
[Flags]
public enum RangeMarks
{
    None = 0,

    /// <summary>dc: a fork leaves it out (MADV_DONTFORK).</summary>
    DontFork = 1,

    /// <summary>wf: a fork gives the child zeros (MADV_WIPEONFORK).</summary>
    WipeOnFork = 2,

    /// <summary>dd: not to be in a core (MADV_DONTDUMP).</summary>
    DontDump = 4,

    /// <summary>io, pf: a device's memory, or none that has pages.</summary>
    Device = 8,

    /// <summary>um, uw, ui: its faults are handled by a program (userfaultfd).</summary>
    UserFault = 16,

    /// <summary>ht: of hugetlbfs.</summary>
    HugePages = 32,
}

/// <summary>One range of <c>/proc/PID/smaps</c>; sizes are bytes.</summary>
/// <param name="Resident">In memory.</param>
/// <param name="Anonymous">Of that, the process's own pages.</param>
/// <param name="AnonymousHuge">Of those, in pages of 2 MiB.</param>
/// <param name="Swapped">Swapped out.</param>
public readonly record struct RangeUsage(Mapping Mapping, ulong Resident, ulong Anonymous, ulong AnonymousHuge, ulong Swapped, RangeMarks Marks)
{
    public bool Is(RangeMarks mark) => (Marks & mark) != 0;
}
