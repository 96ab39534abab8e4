using Kaa.Linux.Proc;

namespace Kaa.Linux.Looking;

/// <summary>
/// Threads in a receive whose time is over, which wait for a processor. They are awake, but an interrupt would still end the call with EINTR, as that looks for signals first
/// (unix_stream_read_generic, net/unix/af_unix.c), and on a busy machine it could take long until that is repaired. Once such a thread has run, it is out of the call.
/// Only where the kernel tells its own stacks (CAP_SYS_ADMIN).
/// </summary>
internal sealed class OverdueReceives(TaskDirectory tasks)
{
    private readonly Dictionary<int, RunCount> _seen = [];

    /// <summary>Asked of a thread that is awake. False from its next run on, until <see cref="Forget"/>: then it is in its program.</summary>
    public bool Holds(int tid)
    {
        if (!tasks.IsInReceive(tid) || tasks.Runs(tid) is not { } runs)
            return false;
        if (_seen.TryGetValue(tid, out RunCount seen) && seen != runs)
            return false;
        _seen[tid] = runs;
        return true;
    }

    public void Forget(int tid) => _seen.Remove(tid);
}
