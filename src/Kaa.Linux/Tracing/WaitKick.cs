using System.Runtime.InteropServices;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Tracing;

/// <summary>
/// Wakes a thread of Kaa's that sleeps in waitpid, from another thread: nothing else can, as there is no descriptor to wait for beside it. By a signal whose
/// handler is the runtime's own and does nothing, set up so that the wait is not made again behind our back.
/// </summary>
public sealed unsafe class WaitKick : IDisposable
{
    private const int Urgent = 23; // SIGURG: nobody sends it to us, and by default it does nothing
    private const int ThreadKill = 234; // tgkill
    private const int ActionSize = 152; // struct sigaction of glibc for x86-64
    private const int FlagsOffset = 136; // sa_flags in it
    private const int Restart = 0x10000000; // SA_RESTART

    private readonly PosixSignalRegistration _registration;

    public WaitKick()
    {
        _registration = PosixSignalRegistration.Create((PosixSignal)Urgent, signal => signal.Cancel = true);
        byte* action = stackalloc byte[ActionSize];
        if (Libc.SignalAction(Urgent, null, action) != 0)
            return;
        *(int*)(action + FlagsOffset) &= ~Restart;
        _ = Libc.SignalAction(Urgent, action, null);
    }

    /// <summary>It may come just before the wait begins, and be lost: to be repeated until it has had its effect.</summary>
    public static void Kick(int tid) => _ = Libc.SystemCall(ThreadKill, Environment.ProcessId, tid, Urgent, 0);

    public void Dispose() => _registration.Dispose();
}
