using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <summary>
/// What a killed Kaa left of the copies that it had a process make of itself: children that have ended, that send no signal at their end, and that are
/// marked as copies. Only their parent can have them go.
/// </summary>
public static unsafe class LeftCopies
{
    /// <summary>The name that copies give themselves (PR_SET_NAME).</summary>
    public const string Name = "kaa-core";

    private const int RealTime = 15; // RLIMIT_RTTIME
    private const ulong Limit = 0x6b61_6163_6f72; // µs; none that anybody would choose
    private static ReadOnlySpan<byte> LimitLine => "Max realtime timeout"u8;

    /// <summary>
    /// Marks a new copy, before it has run: by a limit that means nothing to a process without real-time scheduling. If Kaa is killed before that, the copy
    /// goes on, takes its name, and ends.
    /// </summary>
    public static void Mark(int pid)
    {
        ulong* limits = stackalloc ulong[2];
        limits[0] = limits[1] = Limit;
        _ = Libc.SetLimit(pid, RealTime, limits, null);
    }

    /// <summary>Their pids in the parent's own pid namespace.</summary>
    /// <param name="candidates">Pids, as seen from here, of which some may be; null for all that there are.</param>
    public static List<int> Find(ProcRoot proc, int parent, IReadOnlyList<int>? candidates = null)
    {
        var text = new KernelText();
        var copies = new List<int>();
        foreach (int pid in candidates ?? PidDirectory.List(proc))
        {
            if (!text.TryRead(proc.Of(pid, "stat"), out ReadOnlySpan<byte> bytes) || bytes.IsEmpty)
                continue;
            ProcessStat stat = StatParser.Parse(bytes);
            if (stat.ParentPid != parent || !stat.IsZombie || stat.ExitSignal != 0 || (stat.Name != Name && ProcessLimit.Read(proc, pid, LimitLine) != Limit))
                continue;
            if (text.TryRead(proc.Of(pid, "status"), out bytes) && !bytes.IsEmpty)
                copies.Add(StatusParser.Parse(bytes).NamespacePids is [.., var inner] ? inner : pid);
        }

        return copies;
    }
}
