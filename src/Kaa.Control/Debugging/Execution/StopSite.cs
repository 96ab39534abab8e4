using Kaa.Control.Agent;

namespace Kaa.Control.Debugging.Execution;

/// <summary>A place in the code where threads are waited for.</summary>
internal abstract class StopSite(ulong address, byte[] original)
{
    public ulong Address => address;

    /// <summary>The program's own bytes that are covered.</summary>
    public ReadOnlySpan<byte> Original => original;

    /// <summary>How many bytes of whole instructions are run elsewhere.</summary>
    public abstract int Length { get; }

    public bool IsPlanted { get; set; }

    /// <summary>Where the instruction at an address of this site is run; null where that is none.</summary>
    public abstract ulong? Real(ulong shown);

    /// <summary>The other way.</summary>
    public abstract ulong? Shown(ulong real);
}

/// <summary>By a jump into the agent, where a thread waits until Kaa lets it go: no signal, no trap, nothing that could end the process when Kaa is gone.</summary>
internal sealed class HookSite(HookHandle hook, byte[] original, string filter) : StopSite(hook.Address.Value, original)
{
    public HookHandle Hook => hook;

    /// <summary>What the agent asks before a thread waits, as text; empty for nothing.</summary>
    public string Filter => filter;

    public override int Length { get; } = hook.Plan?.Displaced.Length ?? 0;

    public override ulong? Real(ulong shown)
    {
        foreach ((int from, Kaa.Formats.Address to) in hook.Moved)
        {
            if (Address + (ulong)from == shown)
                return to.Value;
        }

        return null;
    }

    public override ulong? Shown(ulong real)
    {
        foreach ((int from, Kaa.Formats.Address to) in hook.Moved)
        {
            if (to.Value == real)
                return Address + (ulong)from;
        }

        return null;
    }
}

/// <summary>By an int3, where there is no room for a jump. The agent's handler of SIGTRAP passes it when Kaa is gone.</summary>
internal sealed class TrapSite(ulong address, byte original, ulong detour, string why) : StopSite(address, [original])
{
    public ulong Detour => detour;

    /// <summary>Why there is no hook: goes on after "because ".</summary>
    public string Why => why;

    public override int Length => 1;

    public override ulong? Real(ulong shown) => null;

    public override ulong? Shown(ulong real) => real == detour ? Address : null;
}

/// <summary>
/// By the return address of one frame, which leads into a piece of the agent's, and from there to where it led before. For one thread, and for as long as one command takes: who
/// unwinds that stack by its own means (an exception of C++ that passes through, a profiler in the process) stops there.
/// </summary>
internal sealed class ReturnSite(ulong slot, StepPiece piece, ulong returnTo) : StopSite(slot, BitConverter.GetBytes(returnTo))
{
    public StepPiece Piece => piece;

    /// <summary>Where the frame returns to.</summary>
    public ulong ReturnTo => returnTo;

    public override int Length => 0;

    public override ulong? Real(ulong shown) => null;

    public override ulong? Shown(ulong real) => real == Kaa.Control.Agent.Code.IslandPiece.Entry(piece.Address).Value ? returnTo : null;
}
