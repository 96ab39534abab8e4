using Kaa.Control.Remote;
using Kaa.Formats.ProcText;
using Kaa.Linux.Processes;

namespace Kaa.Control.Cores;

/// <summary>
/// Why a process had better not fork, though it could: the memory that page tables and the pages take that it writes to afterwards, while the copy still holds
/// their old contents.
/// </summary>
internal sealed class ForkRisk(MemoryHeadroom headroom)
{
    private const ulong PageTableShare = 512; // a page of entries for 512 pages
    private const ulong Least = 32 << 20;
    private const ulong WrittenShare = 20; // of what it has, written anew while the copy lives

    /// <summary>Null where there is none.</summary>
    public RemoteHindrance? Before(IReadOnlyList<RangeUsage> ranges)
    {
        ulong anonymous = 0;
        foreach (RangeUsage range in ranges)
        {
            anonymous += range.Anonymous;
            if (range.Is(RangeMarks.UserFault))
                return new RemoteHindrance("userfaultfd", "another program handles its page faults (userfaultfd), and would have to handle the fork too");
        }

        if (SavedRanges.Bytes(ranges) > SavedRanges.Most)
            return new RemoteHindrance("dontfork", $"more than {Amount.Of(SavedRanges.Most)} of its memory are left out of a fork (MADV_DONTFORK)");
        ulong needed = anonymous / PageTableShare + Least + anonymous / WrittenShare;
        if (headroom.Bytes() is { } left && left < needed)
            return new RemoteHindrance("memory-limit", $"only {Amount.Of(left)} of memory are left to it, and a copy may take {Amount.Of(needed)}");
        return null;
    }

    /// <summary>Asked while the copy is written: true where memory runs short.</summary>
    public bool IsNear() => headroom.Bytes() is { } left && left < Least / 2;
}
