using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Controlling;

/// <summary>What would come of it if a thread were interrupted now.</summary>
internal enum StopConduct
{
    Runs,

    /// <summary>Asleep in a call that the kernel makes again, however it was interrupted.</summary>
    Restarts,

    /// <summary>Asleep in a call that gives EINTR when it is interrupted.</summary>
    LeftAsleep,

    /// <summary>In a call that is through soon, or a parent of vfork.</summary>
    Passing,
}

/// <summary>Tells threads by what they are about, as the kernel says it just now.</summary>
internal sealed class StopConducts(TaskDirectory tasks)
{
    private const int VFork = 58;

    private readonly RestartProof _restarts = new(tasks);

    public StopConduct Of(ControlledThread thread)
    {
        if (tasks.Syscall(thread.Tid) is not { Running: false, Number: >= 0 } call)
            return IsStillReceiving(thread) ? StopConduct.Passing : StopConduct.Runs;
        if (_restarts.Holds(thread.Tid, call))
            return StopConduct.Restarts;
        return call.Number != VFork && SyscallRestart.CanBeRepaired(call.Number) ? StopConduct.LeftAsleep : StopConduct.Passing;
    }

    /// <summary>
    /// The time of its receive is over, and it waits for a processor: an interrupt would still end the call with EINTR, as that looks for signals first (unix_stream_read_generic,
    /// net/unix/af_unix.c), and on a busy machine it could take long until that is repaired. Once it has run, it is out of the call.
    /// </summary>
    private bool IsStillReceiving(ControlledThread thread)
    {
        if (!tasks.IsInReceive(thread.Tid) || tasks.Runs(thread.Tid) is not { } runs)
            return false;
        if (thread.SeenReceiving is { } seen && seen != runs)
            return false;
        thread.SeenReceiving = runs;
        return true;
    }
}
