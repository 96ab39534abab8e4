using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Processes;
using Kaa.Linux.Registers;

namespace Kaa.Control.Cores;

/// <summary>Stops a process, has it make a copy of itself, and lets it go. On the thread that traces.</summary>
internal sealed class SnapshotTaker(DumpedProcess process, RemoteRoom room, TargetPatch patch, Standstill standstill)
{
    private const int MostAttempts = 8;
    private const int MostMoved = 3;
    private const int ShortPause = 20_000; // µs
    private const int MostReapings = 50;
    private const int SparingReapings = 10;
    private const int BetweenAttempts = 2_000; // µs
    private const int BetweenReapings = 20_000;

    private readonly Borrowing _borrowing = new(process.Target, process.Tasks, patch, room);
    private readonly RemoteCalls _calls = new(room, patch);
    private SeccompFilter? _filter;

    /// <summary>Why there is no snapshot.</summary>
    public RemoteHindrance? Hindrance { get; private set; }

    /// <summary>
    /// Null where the process can't make a copy of itself now; <see cref="Hindrance"/> says why. Where a thread that was left asleep has woken up while the copy
    /// was made, and that took no long time, another one is made.
    /// </summary>
    /// <param name="ranges">As of before the stop: which of them a fork leaves out.</param>
    public Snapshot? Take(IReadOnlyList<RangeUsage> ranges)
    {
        int moved = 0;
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            Hindrance = null;
            ForkCalls? made = null;
            Snapshot? snapshot = null;
            bool again = false;
            standstill.During(true, held => snapshot = TakeOnce(held, ranges, out made, out again));
            if (snapshot is not null)
            {
                if (!Froze(snapshot, made!))
                    return null;
                if (standstill.Moved.Count == 0 || ++moved == MostMoved || standstill.PauseMicroseconds > ShortPause)
                    return snapshot;
                snapshot.Kill();
                again = Reap(snapshot);
            }

            if (!again)
                return null;
            Clock.Sleep(BetweenAttempts);
        }

        Hindrance ??= RemoteHindrance.NoThread;
        return null;
    }

    /// <summary>Has the process take note of its child's end, of which no signal told it. False where that could not be done.</summary>
    public bool Reap(Snapshot snapshot)
    {
        for (int attempt = 0; attempt < MostReapings; attempt++)
        {
            bool isDone = false;
            bool isGone = !standstill.OfOne(attempt < SparingReapings, Rank, (held, sight) => isDone = ReapOnce(held, sight, snapshot.InnerPid));
            if (isDone || (isGone && process.Tasks.Stat(process.Tid) is not { IsZombie: false }))
                return true;
            Clock.Sleep(BetweenReapings);
        }

        return false;
    }

    private bool Froze(Snapshot snapshot, ForkCalls made)
    {
        if (snapshot.Freeze(made.ChildCallsFirst))
            return true;
        snapshot.Kill();
        _ = Reap(snapshot);
        Hindrance = new RemoteHindrance("copy-killed", "its copy was killed at once");
        return false;
    }

    private Snapshot? TakeOnce(HeldProcess held, IReadOnlyList<RangeUsage> ranges, out ForkCalls? made, out bool again)
    {
        made = null;
        again = true;
        if (_borrowing.IsRoomTaken(held.Threads))
            return null;
        if ((_borrowing.Choose(held.Threads) ?? Sleeper(held)) is not { } tracee)
        {
            Hindrance = _borrowing.Hindrance;
            again = Hindrance is null;
            return null;
        }

        ForkCalls calls = ForkCalls.Make(room.Stub, standstill.LeftCopies, call => _filter?.Allows(call, X64CallStub.CallEnd(room.Stub)) != false);
        if (IsForbidden(tracee, ref calls))
        {
            again = false;
            return null;
        }

        made = calls;
        standstill.Save(ranges);
        RemoteOutcome outcome = _calls.Run(tracee, calls.Calls, calls.ChildCalls, ForkCalls.Name, LeftCopies.Mark);
        return SnapshotOf(outcome, calls, out again);
    }

    /// <summary>All threads sleep in calls that are better not interrupted: one must be.</summary>
    private Tracee? Sleeper(HeldProcess held)
    {
        if (_borrowing.Hindrance is not null || held.StopSleeper() is not { } sleeper)
            return null;
        standstill.Record(held);
        return _borrowing.Choose([sleeper]);
    }

    /// <summary>Asks the thread's own filters about these very calls.</summary>
    private bool IsForbidden(Tracee tracee, ref ForkCalls calls)
    {
        if (process.Tasks.Status(tracee.Tid)?.Seccomp != SeccompMode.Filter)
            return false;
        _filter = SeccompFilter.Read(tracee.Tid);
        bool MayCall(RemoteCall call) => _filter?.Allows(call, X64CallStub.CallEnd(room.Stub)) == true;
        calls = ForkCalls.Make(room.Stub, standstill.LeftCopies, MayCall);
        if (calls.AreAllowed(room.Stub, MayCall))
            return false;
        Hindrance = _filter is null
            ? new RemoteHindrance("seccomp", "it has a seccomp filter, which Kaa may not read here, and which might kill it")
            : new RemoteHindrance("seccomp", "its seccomp filter does not let it fork");
        return true;
    }

    private Snapshot? SnapshotOf(RemoteOutcome outcome, ForkCalls calls, out bool again)
    {
        again = outcome.End == RemoteEnd.Interrupted;
        if (outcome.End == RemoteEnd.NotWritten)
            Hindrance = RemoteHindrance.NotWritable;
        else if (outcome.End == RemoteEnd.Stuck)
            Hindrance = RemoteHindrance.Frozen;
        if (outcome.End != RemoteEnd.Done && outcome.Child is { } orphan)
            new Snapshot(orphan, 0).Kill();
        if (outcome.End != RemoteEnd.Done)
            return null;
        long result = outcome.Results[calls.CloneAt];
        if (result > 0 && outcome.Child is { } child)
            return new Snapshot(child, (int)result);
        Hindrance = OfError(-result);
        return null;
    }

    private static RemoteHindrance OfError(long error) => error switch
    {
        Errno.TryAgain => new("process-limit", "it may have no more processes (RLIMIT_NPROC, pids.max)"),
        Errno.NoMemory => new("no-memory", "there is not enough memory to promise it (vm.overcommit_memory, a memory limit)"),
        _ => new("fork-failed", "it can't fork: " + CallFailures.OfError(error)),
    };

    /// <summary>Lowest first: who is disturbed least.</summary>
    private static int Rank(ThreadSight sight) => sight.Conduct switch
    {
        ThreadConduct.Running => 0,
        ThreadConduct.Parked when sight.Call is { Number: >= 0 } call => SyscallRestart.RestartsByItself(call.Number) ? 1 : 2,
        ThreadConduct.Held => 3,
        _ => -1,
    };

    private bool ReapOnce(HeldProcess held, ThreadSight sight, int innerPid)
    {
        if (_borrowing.Choose([sight]) is not { } tracee)
            return false;
        RemoteCall wait = ForkCalls.Reap(innerPid);
        Address end = X64CallStub.CallEnd(room.Stub);
        if (process.Tasks.Status(tracee.Tid)?.Seccomp == SeccompMode.Filter
            && (SeccompFilter.Read(tracee.Tid) is not { } filter || !filter.Allows(wait, end) || !filter.Allows(X64CallStub.Unblock(room.Stub), end)))
            return false;
        RemoteOutcome outcome = _calls.Run(tracee, [wait], [], []);

        // ECHILD: it has been taken already.
        return outcome.End == RemoteEnd.Done && (outcome.Results[0] == innerPid || outcome.Results[0] == -Errno.NoChild);
    }
}
