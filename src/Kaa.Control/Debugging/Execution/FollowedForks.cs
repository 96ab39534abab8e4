using Kaa.Control.Agent;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// <c>set follow-fork-mode child</c>: from a fork on the new process is debugged, and its parent goes on without a debugger, with its own bytes. <c>both</c>: it is debugged beside its parent.
/// </summary>
internal static class FollowedForks
{
    /// <param name="parent">All of it stands still.</param>
    /// <param name="fork">What it stopped for.</param>
    public static void Follow(DebugSession session, ControlledInferior parent, StopReport fork)
    {
        LiveInferior old = parent.Inferior;
        string how = fork.IsVFork ? "vfork" : "fork";
        session.Output.Line($"[Attaching after process {old.Pid} {how} to child process {fork.Child}]");
        LiveInferior child = LiveOpening.Adopt(fork.Child, old);
        if (!fork.IsVFork)
        {
            Cleanse(child);
            LetOutOfCall(old);
        }

        LetGo(parent);
        session.Output.Line($"[Detaching after {how} from parent process {old.Pid}]");
        session.Succeed(old, child);
    }

    /// <param name="parent">All of it stands still.</param>
    /// <param name="fork">What it stopped for.</param>
    public static void Join(DebugSession session, ControlledInferior parent, StopReport fork)
    {
        LiveInferior child = LiveOpening.Adopt(fork.Child, parent.Inferior);
        if (!fork.IsVFork)
            Cleanse(child);
        session.Join(child);
        session.Output.Line($"[New inferior {child.Number} (process {child.Pid}), a child of process {parent.Inferior.Pid}]");
    }

    /// <summary>The child has a copy of what Kaa had put into its parent, and would handle SIGTRAP by it.</summary>
    private static void Cleanse(LiveInferior child)
    {
        if (AgentSession.IsIn(child.Live))
            child.Tracing.Run(() => AgentRemoval.Remove(child.Pid, child.Held, out _, out _));
    }

    /// <summary>A thread that stands at the event of its fork can make no calls for Kaa: it must come out of that.</summary>
    private static void LetOutOfCall(LiveInferior parent)
    {
        parent.BeginRun();
        parent.Tracing.Run(() =>
        {
            parent.Control.ContinueAll();
            parent.Control.StopAll();
        });
        parent.EndRun();
    }

    /// <summary>The bytes are back in any case; where a parent waits in vfork for its child, what else Kaa has in it can't be taken back now (kaa detach does it later).</summary>
    private static void LetGo(ControlledInferior parent)
    {
        try
        {
            parent.Leave();
        }
        catch (UserError)
        {
            // Its agent stays, and does nothing.
        }
    }
}
