using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Control.Tracing;

/// <summary>
/// How a trace ends without an EINTR, in two steps.
/// First who has children is let go. Their SIGCHLD, if it is ignored, is queued as long as they are traced, and wakes some thread of the process (sig_ignored, complete_signal, kernel/signal.c); then it is dropped as ever.
/// Meanwhile everybody else stays traced, and what was woken is put right.
/// Then whoever is in no call. What the end of the tracer finds at a stop goes on as if a signal waited for it (__ptrace_unlink, kernel/ptrace.c): at the entry of a wait that gives EINTR at once. Who is inside of a call sleeps on.
/// </summary>
internal sealed class TraceEnding(TracedThreads threads)
{
    private readonly KernelText _text = new();
    private readonly HashSet<int> _asked = [];
    private bool _isForAll;

    /// <summary>True for clone and its kin, whose caller may have children from then on. Threads are made by them too: who makes some leaves early as well.</summary>
    public static bool MakesChildren(int number) => number is 56 or 57 or 58 or 435; // clone, fork, vfork, clone3

    /// <summary>
    /// A thread that stands still may be let go: at the entry of no call but those that make children, which look themselves whether a signal waits (copy_process, kernel/fork.c). Were it let go at their
    /// exit only, the child of a vfork could have ended by then.
    /// </summary>
    public bool MayLeave(TracedThread thread) => (thread.IsParent || _isForAll) && (!thread.IsInCall || MakesChildren(thread.CallNumber));

    /// <summary>Goes on with it; true once nobody would notice the end of the tracer.</summary>
    public bool Advance()
    {
        threads.WatchSleepers();
        if (!_isForAll)
            _isForAll = ParentsHaveLeft();
        return _isForAll && OthersHaveLeft();
    }

    private bool ParentsHaveLeft()
    {
        bool isDone = true;
        foreach (TracedThread thread in threads.All)
        {
            thread.IsParent |= Children.Any(_text, thread.Process.Pid, thread.Tid);

            // Who is still inside of its vfork can't be asked, and its child has not ended.
            if (threads.IsAsleep(thread))
                continue;
            if (thread.IsParent)
                Ask(thread);
            isDone = isDone && !thread.IsParent && !thread.IsOnItsWay && IsSettled(thread);
        }

        return isDone;
    }

    private bool OthersHaveLeft()
    {
        bool isDone = true;
        foreach (TracedThread thread in threads.All)
        {
            // Who was never stopped comes to no stop either. Who was asked at a call's entry will come out of that call at once.
            if (thread.IsNew || (thread.IsInCall && !_asked.Contains(thread.Tid)))
                continue;
            Ask(thread);
            isDone = false;
        }

        return isDone;
    }

    /// <summary>To stop, once; not out of a call that would end with less than it would have done.</summary>
    private void Ask(TracedThread thread)
    {
        if (!thread.IsNew && !(thread.IsInCall && !SyscallRestart.CanBeRepairedExactly(thread.CallNumber)) && _asked.Add(thread.Tid))
            _ = PTrace.Interrupt(thread.Tid);
    }

    /// <summary>No signal that is ignored is about to wake it, and it is not awake in a call that gives EINTR then.</summary>
    private bool IsSettled(TracedThread thread)
    {
        if (!_text.TryRead(ProcRoot.System.Of(thread.Tid, "status"), out ReadOnlySpan<byte> text) || text.IsEmpty)
            return true;
        ProcessStatus status = StatusParser.Parse(text);
        return !PendingSignals.AnyIgnored(status) && (status.State is 'S' or 'T' or 'Z' || !(thread.IsInCall && thread.MayGiveEintr));
    }
}
