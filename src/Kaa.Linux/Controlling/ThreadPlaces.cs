using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Linux.Controlling;

/// <summary>
/// Where the threads of a process stand, as their program sees it and really: before an instruction that Kaa's jump covers a thread stands in a copy of it (<see cref="ControlledThread.Trap"/>).
/// </summary>
public sealed class ThreadPlaces
{
    private readonly StopReading _reading;

    internal ThreadPlaces(StopReading reading) => _reading = reading;

    /// <summary>Asked whenever a thread has met an int3.</summary>
    public ITrapSites? Sites { get; set; }

    /// <summary>Sets a thread's registers, as the program has them. By one change of all, so that a Kaa that is killed leaves a thread that goes on right.</summary>
    public bool SetRegisters(ControlledThread thread, X64Registers registers)
    {
        ulong shown = registers.Rip;
        registers.Rip = thread.Trap == shown ? thread.Tracee.Registers.Rip : Sites?.Real(shown) ?? shown;
        if (!PTrace.SetAll(thread.Tid, registers))
            return false;
        thread.Trap = registers.Rip == shown ? null : shown;
        thread.Tracee.Registers = registers;
        thread.Tracee.Repaired = false;
        thread.Tracee.IsAtOwnCall = false;
        return true;
    }

    /// <summary>The same, for a place where a thread really is: Kaa's own code.</summary>
    public static bool SetRealRegisters(ControlledThread thread, X64Registers registers)
    {
        if (!PTrace.SetAll(thread.Tid, registers))
            return false;
        thread.Trap = null;
        thread.Tracee.Registers = registers;
        thread.Tracee.Repaired = false;
        thread.Tracee.IsAtOwnCall = false;
        return true;
    }

    /// <summary>A stopped thread has come to where Kaa waits for threads: that is told by <see cref="ControlledProcess.Next"/>, once the process goes on.</summary>
    public static void TellLater(ControlledThread thread, ulong address)
    {
        thread.Met = address;
        thread.HasNews = true;
    }

    /// <summary>A stopped thread that was sent elsewhere for a while is where it was again; <paramref name="trap"/> is the <see cref="ControlledThread.Trap"/> that it had.</summary>
    public static void CameBack(ControlledThread thread, ulong? trap) => thread.Trap = trap;

    /// <summary>A stopped thread that stands where Kaa waits for threads goes on behind that, as if it had come there already.</summary>
    public void PassTrap(ControlledThread thread)
    {
        X64Registers registers = thread.Tracee.Registers;
        ulong address = registers.Rip;
        if (thread.Trap is not null || IsInCall(thread.Tracee) || Sites is not { } sites || (sites.Real(address) is var real && real == address && (real = sites.Detour(address) ?? address) == address))
            return;
        _reading.Prepare(thread);
        registers.Rip = real;
        if (SetRealRegisters(thread, registers))
            thread.Trap = address;
    }

    /// <summary>It makes its call again first, and comes to what lies behind it then.</summary>
    private static bool IsInCall(Tracee tracee) => tracee.Repaired || (SyscallRestart.WasInCall(tracee.Registers) && SyscallRestart.IsRestartCode(unchecked((long)tracee.Registers.Rax)));

    /// <summary>A thread that has stopped for an int3 of which nobody knew then goes on behind it; false where that is none of Kaa's.</summary>
    public bool PassLateTrap(ControlledThread thread)
    {
        X64Registers registers = thread.Tracee.Registers;
        if (thread.Trap is not null || Sites?.Detour(registers.Rip - 1) is not { } detour)
            return false;
        registers.Rip = detour;
        thread.Signal = 0;
        return SetRealRegisters(thread, registers);
    }

    /// <summary>The thread goes on behind the int3 that it met, by way of the copy of what that hides.</summary>
    internal ulong? LeaveTrap(int tid)
    {
        if (!PTrace.TryGetRegisters(tid, out X64Registers registers) || Sites?.Detour(registers.Rip - 1) is not { } detour)
            return null;
        ulong address = registers.Rip - 1;
        registers.Rip = detour;
        return PTrace.SetAll(tid, registers) ? address : null;
    }
}
