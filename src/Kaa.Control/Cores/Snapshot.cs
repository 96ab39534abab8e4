using Kaa.Control.Remote;
using Kaa.Linux.Looking;

namespace Kaa.Control.Cores;

/// <summary>
/// The frozen copy of a process. It is killed when Kaa ends, however that is; and were it let go before that could be asked for, it would end itself.
/// On the thread that traces.
/// </summary>
/// <param name="pid">As seen from here.</param>
/// <param name="innerPid">As its parent, the process, sees it.</param>
internal sealed class Snapshot(int pid, int innerPid)
{
    private const int Patience = 5_000_000;

    public int Pid { get; } = pid;

    public int InnerPid { get; } = innerPid;

    /// <summary>Takes hold of the new child, and has it make its first calls. False where it is gone.</summary>
    /// <param name="calls">How many.</param>
    public bool Freeze(int calls)
    {
        if (RemoteCalls.Await(Pid, Patience) is not { Kind: not StopKind.Ended } || !PTrace.SetOptions(Pid, PTrace.KillAtExit | PTrace.MarkCalls))
            return false;
        int stops = 0;
        while (stops < 2 * calls)
        {
            if (!PTrace.ContinueToCall(Pid, 0) || RemoteCalls.Await(Pid, Patience) is not { } status || status.Kind == StopKind.Ended)
                return false;
            stops += status.Kind == StopKind.Call ? 1 : 0;
        }

        return true;
    }

    /// <summary>Kills it and takes its end, as its tracer must; its parent has still to.</summary>
    public void Kill()
    {
        _ = PTrace.Kill(Pid);
        while (RemoteCalls.Await(Pid, Patience) is { } status && status.Kind != StopKind.Ended)
        {
        }
    }
}
