using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Registers;

namespace Kaa.Control.Remote;

/// <summary>
/// Has a stopped thread of a process make system calls, and be as it was afterwards. What survives the death of Kaa at any instant: the thread is
/// started by one change of all its registers, makes the calls, and goes back to its program on its own. Kaa only watches it come by (stops at the
/// entry and the exit of each call tell the results), and takes it off at the last exit by one more change of all registers.
/// </summary>
/// <remarks>All threads must be stopped, or be proved not to be in the stub, when it is written; on the thread that traces.</remarks>
public sealed class RemoteCalls(RemoteRoom room, TargetPatch patch)
{
    private const int SpinMicroseconds = 100;
    private const int SleepMicroseconds = 20;
    private const int Patience = 2_000_000;

    // To copy the page tables of a terabyte takes 40 s.
    private const int ChildPatience = 120_000_000;

    /// <param name="name">A text that calls may point to: <see cref="X64CallStub.Name"/>.</param>
    /// <param name="onChild">Told of a child that a call has made, before anything else happens.</param>
    /// <param name="onResult">Told of each call's number in the table and its result, before the next call is made.</param>
    public RemoteOutcome Run(
        Tracee tracee,
        IReadOnlyList<RemoteCall> calls,
        IReadOnlyList<RemoteCall> childCalls,
        ReadOnlySpan<byte> name,
        Action<int>? onChild = null,
        Action<int, long>? onResult = null)
    {
        X64Registers stopped = tracee.Registers;
        if (!PTrace.TryGetSignalMask(tracee.Tid, out ulong mask))
            return Ended(tracee, [], null);
        if (!patch.TryWrite(room.Stub, X64CallStub.Build(room.Stub, stopped, mask, calls, childCalls, name)))
            return new RemoteOutcome(RemoteEnd.NotWritten, [], null);
        bool makesChild = false;
        foreach (RemoteCall call in calls)
            makesChild |= call.MakesChild;

        // In this order: from the moment on at which its signals are blocked it is on its way to let them through again.
        bool isReady = PTrace.SetOptions(tracee.Tid, tracee.Options | PTrace.MarkCalls | (makesChild ? PTrace.TraceChildren : 0))
            && PTrace.SetAll(tracee.Tid, X64CallStub.Start(room.Stub, stopped))
            && PTrace.SetSignalMask(tracee.Tid, ulong.MaxValue);
        if (!isReady)
            return Ended(tracee, [], null);
        RemoteOutcome outcome = Watch(tracee, calls.Count, makesChild ? ChildPatience : Patience, onChild, onResult);
        if (outcome.End is RemoteEnd.Done or RemoteEnd.Interrupted)
            PutBack(tracee, outcome.End, mask);
        return outcome;
    }

    /// <summary>
    /// A call that was cut short has its own result again, by which the kernel makes it again at the detach, or ends it if there is a signal for
    /// it. Those that the kernel would end in any case are set up to be made again, as the stop left them.
    /// </summary>
    private static void PutBack(Tracee tracee, RemoteEnd end, ulong mask)
    {
        // First the signals: a Kaa that is killed now leaves a thread in the stub, which does the rest.
        _ = PTrace.SetSignalMask(tracee.Tid, mask);
        bool isRepaired = end == RemoteEnd.Done && tracee.Repaired;
        _ = PTrace.SetAll(tracee.Tid, isRepaired ? SyscallRestart.Repaired(tracee.Registers) : tracee.Registers);
        tracee.Repaired = isRepaired;
        tracee.IsAtOwnCall = true;
        _ = PTrace.SetOptions(tracee.Tid, tracee.Options);
    }

    private static RemoteOutcome Watch(Tracee tracee, int count, int patience, Action<int>? onChild, Action<int, long>? onResult)
    {
        var results = new List<long>(count);
        int? child = null;
        int signal = 0;
        bool isInside = false;
        while (true)
        {
            if (!PTrace.ContinueToCall(tracee.Tid, signal))
                return Ended(tracee, results, child);
            signal = 0;
            if (Await(tracee.Tid, patience) is not { } status)
            {
                tracee.State = TraceeState.Overdue;
                return new RemoteOutcome(RemoteEnd.Stuck, results, child);
            }

            switch (status.Kind)
            {
                case StopKind.Ended:
                    return Ended(tracee, results, child);
                case StopKind.Child:
                    child = PTrace.ChildOf(tracee.Tid);
                    if (child is { } pid)
                        onChild?.Invoke(pid);
                    break;
                case StopKind.Signal when results.Count == 0 && !isInside:
                    tracee.Status = status;
                    return new RemoteOutcome(RemoteEnd.Interrupted, results, null);
                case StopKind.Signal:
                    // SIGSTOP, which can't be blocked.
                    signal = status.Signal;
                    break;
                case StopKind.Call:
                    isInside = !isInside;
                    if (!isInside && Result(tracee.Tid) is { } result)
                    {
                        results.Add(result);
                        onResult?.Invoke(results.Count - 1, result);
                    }

                    if (results.Count == count)
                    {
                        tracee.Status = new WaitStatus(StopKind.Event, 0);
                        return new RemoteOutcome(RemoteEnd.Done, results, child);
                    }

                    break;
            }
        }
    }

    /// <summary>Null where the call is about to be made again.</summary>
    private static long? Result(int tid)
    {
        if (!PTrace.TryGetRegisters(tid, out X64Registers registers))
            return null;
        long result = unchecked((long)registers.Rax);
        return SyscallRestart.IsRestartCode(result) ? null : result;
    }

    private static RemoteOutcome Ended(Tracee tracee, List<long> results, int? child)
    {
        // Killed while it was stopped: its end must be taken, or its process can't end.
        tracee.State = TraceeState.Overdue;
        return new RemoteOutcome(RemoteEnd.Ended, results, child);
    }

    /// <summary>Waits for the next stop; null where it does not come.</summary>
    /// <param name="patience">In microseconds.</param>
    public static WaitStatus? Await(int tid, int patience)
    {
        long begun = Clock.Microseconds;
        while (true)
        {
            if (PTrace.Poll(tid) is { } status)
                return status;
            long waited = Clock.Microseconds - begun;
            if (waited > patience)
                return null;
            if (waited > SpinMicroseconds)
                Clock.Sleep(SleepMicroseconds);
        }
    }
}
