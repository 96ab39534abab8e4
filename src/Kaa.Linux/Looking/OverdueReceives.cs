using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>
/// Threads in a receive whose time is over, which wait for a processor. They are awake, but an interrupt would still end the call with EINTR, as that looks for signals first
/// (unix_stream_read_generic, net/unix/af_unix.c), and on a busy machine it could take long until that is repaired. Once such a thread has run, it is out of the call.
/// Only where the kernel tells its own stacks (CAP_SYS_ADMIN).
/// </summary>
/// <remarks>
/// A kernel with ORC tables (CONFIG_UNWINDER_ORC) shows no stack of a thread that is on a processor. Another shows where that thread was last switched out, which may have been in its last receive: it is
/// told by its time, which grows while it was given no other processor.
/// </remarks>
internal sealed class OverdueReceives(TaskDirectory tasks)
{
    private readonly Dictionary<int, RunCount> _seen = [];

    /// <summary>Asked of a thread that is awake.</summary>
    public bool Holds(int tid)
    {
        if (!tasks.IsInReceive(tid) || tasks.Runs(tid) is not { } runs)
            return false;
        bool runsOn = _seen.TryGetValue(tid, out RunCount seen) && seen.First == runs.First && seen.Second != runs.Second;
        _seen[tid] = runs;
        return !runsOn;
    }
}
