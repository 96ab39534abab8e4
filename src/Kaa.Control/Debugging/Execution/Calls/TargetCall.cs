using Kaa.Control.Debugging.Values;
using Kaa.Control.Running;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Results;
using RunState = Kaa.Linux.Controlling.RunState;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary>
/// One function that a thread of the process calls, and how that thread comes back to where it was: Kaa puts it there exactly; where Kaa is gone, or the function has not returned in the
/// session, it goes there by itself.
/// </summary>
internal sealed class TargetCall
{
    private readonly LiveInferior _inferior;
    private readonly CallRegion _region;
    private readonly SuspendedWork _work;
    private readonly ulong? _trap;

    private TargetCall(LiveInferior inferior, CallRegion region, SuspendedWork work, ulong? trap)
    {
        _inferior = inferior;
        _region = region;
        _work = work;
        _trap = trap;
    }

    public LiveInferior Inferior => _inferior;

    public int Tid => _work.Tid;

    /// <summary>Sends a stopped thread into the function. On the thread that traces.</summary>
    /// <exception cref="UserError">call-refused; nothing has changed.</exception>
    public static TargetCall Begin(LiveInferior inferior, ControlledThread thread, Address errno, Address function, IReadOnlyList<DataValue> values)
    {
        HeldProcess held = inferior.Held!;
        CallRegion region = CallRegion.Make(inferior.Pid, held, thread.Tid);
        try
        {
            CallArguments arguments = CallArguments.Of(values, X64Caller.ScratchOf(region.Address));
            if (arguments.Scratch.Length > 0 && !region.Process.Patch.TryWrite(X64Caller.ScratchOf(region.Address), arguments.Scratch))
                throw CallRegion.Refused("can't be written to");
            ulong? trap = thread.Trap;
            Tracee tracee = thread.Tracee;
            X64Registers start = X64Caller.Start(region.Address, tracee.Registers);
            byte[] slot = X64Caller.SlotBytes(region.Address, errno, function, arguments.Integers, arguments.Reals);
            SuspendedWork work = SuspendedWork.Send(
                tracee, region.Process.Tasks, region.Process.Patch, X64Caller.FrameOf(region.Address), X64Caller.SlotOf(region.Address), slot, start)
                ?? throw CallRegion.Refused("can't have the registers of a thread changed");
            tracee.Registers = start;
            tracee.IsAtOwnCall = false;
            ThreadPlaces.CameBack(thread, null);
            return new TargetCall(inferior, region, work, trap);
        }
        catch
        {
            region.TryRemove(held);
            region.Dispose();
            throw;
        }
    }

    /// <summary>The function has returned, or the process is gone.</summary>
    public bool IsOver => _region.Read() is not { Phase: CallerPhase.Calling };

    /// <summary>What the function gave back, once it is over; the thread is put back, and nothing is left of the call. Null where it is not over. On the thread that traces.</summary>
    public CallerState? End()
    {
        if (_region.Read() is not { Phase: not CallerPhase.Calling } state)
            return null;
        if (state.Phase == CallerPhase.Waiting && _inferior.Control.Find(Tid) is { State: RunState.Stopped } thread && X64Caller.Contains(_region.Address, thread.Tracee.Registers.Rip))
        {
            _work.PutBack(thread.Tracee);
            ThreadPlaces.CameBack(thread, _trap);
        }

        return TryRemove() ? state : null;
    }

    public void Dispose() => _region.Dispose();

    /// <summary>Not while the thread is still in it, on its own way back.</summary>
    private bool TryRemove()
    {
        HeldProcess held = _inferior.Control.Held();
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.ToThread().InstructionPointer is { } rip && X64Caller.Contains(_region.Address, rip.Value))
                return false;
        }

        return _region.TryRemove(held);
    }
}
