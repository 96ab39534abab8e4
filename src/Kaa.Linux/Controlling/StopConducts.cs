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
    private readonly OverdueReceives _receives = new(tasks);

    public StopConduct Of(ControlledThread thread)
    {
        if (tasks.Syscall(thread.Tid) is not { Running: false, Number: >= 0 } call)
            return _receives.Holds(thread.Tid) ? StopConduct.Passing : StopConduct.Runs;
        if (_restarts.Holds(thread.Tid, call))
            return StopConduct.Restarts;
        return call.Number != VFork && SyscallRestart.CanBeRepaired(call.Number) ? StopConduct.LeftAsleep : StopConduct.Passing;
    }
}
