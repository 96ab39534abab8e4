using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Looking;

/// <summary>
/// Signals of interval timers are the leader's, as long as it takes them. While Kaa holds it, the kernel wakes another thread for them (complete_signal, kernel/signal.c), whose system call would end
/// with EINTR. So such threads are traced meanwhile, and the signal is handed to the leader.
/// </summary>
public static class TimerSignals
{
    private const int Alarm = 14; // SIGALRM
    private const int Virtual = 26; // SIGVTALRM
    private const int Profile = 27; // SIGPROF
    private const ulong Bits = 1ul << (Alarm - 1) | 1ul << (Virtual - 1) | 1ul << (Profile - 1);

    public static bool IsTimers(WaitStatus stop) => stop is { Kind: StopKind.Signal, Signal: Alarm or Virtual or Profile };

    /// <summary>The signal that the leader itself has stopped for waits for it again: it can be borrowed meanwhile.</summary>
    /// <returns>False for one that says who sent it, or with which value.</returns>
    public static bool TryPutBack(int leader, WaitStatus stop) => IsTimers(stop) && PTrace.IsOfTimer(leader) && Libc.KillThread(leader, leader, stop.Signal) == 0;

    /// <summary>True where the program has a handler for one.</summary>
    public static bool AreUsed(ProcessStatus status) => (status.CaughtSignals & Bits) != 0;

    /// <summary>
    /// Hands the signal that a thread has stopped for to the leader; where the same one waits for that already, the two are one, as they would have been. The thread is to go on without.
    /// </summary>
    /// <param name="registers">Of the thread: only who sleeps in a call is in the leader's place.</param>
    /// <returns>False where the signal is the thread's own, or the leader would not take it.</returns>
    public static bool TryHandOver(TaskDirectory tasks, int leader, int tid, WaitStatus stop, in X64Registers registers)
    {
        if (!IsTimers(stop) || tid == leader || !SyscallRestart.WasInCall(registers) || !PTrace.IsOfTimer(tid))
            return false;
        ulong bit = 1ul << (stop.Signal - 1);
        if (tasks.Status(leader) is not { State: not ('Z' or 'X') } status || (status.BlockedSignals & bit) != 0 || (status.CaughtSignals & bit) == 0)
            return false;
        return ((status.PendingSignals | status.SharedPendingSignals) & bit) != 0 || Libc.KillThread(leader, leader, stop.Signal) == 0;
    }
}
