using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Control.Agent;

/// <summary>System calls that a held process makes, asked of its filters before. On the thread that traces.</summary>
internal sealed class RemoteWork
{
    private readonly AgentProcess _process;
    private readonly RemoteRoom _room;
    private readonly Borrowing _borrowing;
    private readonly RemoteCalls _calls;

    /// <exception cref="Results.UserError">agent-refused: no mapped program has room for the code that makes calls.</exception>
    public RemoteWork(AgentProcess process)
    {
        _process = process;
        _room = process.Room ?? throw AgentProcess.Refused(RemoteHindrance.NoRoom);
        _borrowing = new Borrowing(process.Target, process.Tasks, process.Patch, _room);
        _calls = new RemoteCalls(_room, process.Patch);
    }

    /// <summary>Where the text that <see cref="TryMake"/> is given lies while the calls are made.</summary>
    public Address Name => X64CallStub.Name(_room.Stub);

    /// <summary>Null where the calls could not be made now, but can be in the next stop: a signal was on its way, or no thread was fit.</summary>
    /// <exception cref="Results.UserError">agent-refused, with the reason.</exception>
    public IReadOnlyList<long>? TryMake(HeldProcess held, IReadOnlyList<RemoteCall> calls, ReadOnlySpan<byte> name = default, Action<int, long>? onResult = null)
    {
        if (_borrowing.IsRoomTaken(held.Threads))
            return null;
        if (Choose(held) is not { } tracee)
            return _borrowing.Hindrance is { } hindrance ? throw AgentProcess.Refused(hindrance) : null;
        RequireAllowed(tracee, calls);
        RemoteOutcome outcome = _calls.Run(tracee, calls, [], name, null, onResult);
        return outcome.End switch
        {
            RemoteEnd.Done => outcome.Results,
            RemoteEnd.NotWritten => throw AgentProcess.Refused(RemoteHindrance.NotWritable),
            RemoteEnd.Stuck => throw AgentProcess.Refused(RemoteHindrance.Frozen),
            _ => null,
        };
    }

    private Tracee? Choose(HeldProcess held)
    {
        _borrowing.AllowsSignalled = _process.AllowsSignalled;
        return _borrowing.Choose(held.Threads) ?? Sleeper(held);
    }

    /// <summary>All threads sleep in calls that are better not interrupted: one must be.</summary>
    private Tracee? Sleeper(HeldProcess held) =>
        _borrowing.Hindrance is null && held.StopSleeper() is { } sleeper ? _borrowing.Choose([sleeper]) : null;

    private void RequireAllowed(Tracee tracee, IReadOnlyList<RemoteCall> calls)
    {
        if (_process.Tasks.Status(tracee.Tid)?.Seccomp != SeccompMode.Filter)
            return;
        Address end = X64CallStub.CallEnd(_room.Stub);
        SeccompFilter filter = SeccompFilter.Read(tracee.Tid)
            ?? throw AgentProcess.Refused(new RemoteHindrance("seccomp", "it has a seccomp filter, which Kaa may not read here, and which might kill it"));
        foreach (RemoteCall call in (IEnumerable<RemoteCall>)[.. calls, X64CallStub.Unblock(_room.Stub)])
        {
            if (!filter.Allows(call, end))
                throw AgentProcess.Refused(new RemoteHindrance("seccomp", $"its seccomp filter does not let it call {CallFailures.NameOf(call.Number)}"));
        }
    }
}
