using System.Buffers.Binary;
using Kaa.Control.Agent;
using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// Puts into the code what makes threads stop at breakpoints, and takes it back: the agent's hooks, and int3 where there is no room for one. So threads need not be stepped over
/// breakpoints, others may run meanwhile, and the process lives on if Kaa is killed. On the thread that traces, with all threads stopped.
/// </summary>
internal sealed class BreakpointPlanter(int pid, AgentLink agent) : ITrapSites
{
    private const byte Int3 = 0xcc;

    private readonly Dictionary<ulong, StopSite> _sites = [];

    /// <summary>Sites whose bytes lie in the code now; replaced, never changed.</summary>
    private IReadOnlyList<StopSite> _planted = [];

    /// <summary>Also for those that are gone: a thread may have met one just before.</summary>
    public ulong? Detour(ulong address) => _sites.TryGetValue(address, out StopSite? site) && site is TrapSite trap ? trap.Detour : agent.FindTrap(address);

    public ulong Real(ulong address)
    {
        foreach (StopSite site in _planted)
        {
            if (unchecked(address - site.Address) < (ulong)site.Length && site.Real(address) is { } real)
                return real;
        }

        return address;
    }

    /// <summary>Also for those that are gone: their copies stay.</summary>
    public ulong? Shown(ulong real)
    {
        if (!agent.IsInIsland(real))
            return null;
        foreach (StopSite site in _sites.Values)
        {
            if (site.Shown(real) is { } shown)
                return shown;
        }

        return null;
    }

    public bool IsPlanted(ulong address) => _sites.TryGetValue(address, out StopSite? site) && site.IsPlanted;

    /// <summary>How often threads have come to a hook; null where there is none at the address.</summary>
    public ulong? Hits(ulong address) => _sites.TryGetValue(address, out StopSite? site) && site is HookSite { IsPlanted: true } hook ? agent.Hits(hook.Hook) : null;

    /// <summary>Where a thread has come to that waits with an event.</summary>
    public ulong AddressOf(AgentEvent made)
    {
        foreach (StopSite site in _planted)
        {
            if (site is ReturnSite { IsPlanted: true } back && back.Piece.Hook == made.Hook)
                return back.ReturnTo;
        }

        return made.Hook.Address.Value;
    }

    /// <summary>A frame has returned: nothing of it is to be taken back.</summary>
    public void Returned(AgentEvent made)
    {
        foreach (StopSite site in _planted)
        {
            if (site is not ReturnSite { IsPlanted: true } back || back.Piece.Hook != made.Hook)
                continue;
            back.IsPlanted = back.Piece.IsTaken = false;
            _sites.Remove(back.Address);
        }

        _planted = [.. _planted.Where(site => site.IsPlanted)];
    }

    /// <summary>Why an int3 lies at a breakpoint; null where it is a hook.</summary>
    public string? WhySlow(ulong address) => _sites.TryGetValue(address, out StopSite? site) && site is TrapSite { IsPlanted: true } trap ? trap.Why : null;

    /// <summary>Makes what is in the code what is wanted.</summary>
    /// <param name="wanted">Addresses, and what the agent is to ask there (<see cref="StopFilter"/>).</param>
    /// <exception cref="UserError">breakpoint-refused: one can't be put there; the others are.</exception>
    /// <param name="slots">Of those addresses, the ones that a frame will return to, and where on its stack that is said.</param>
    public void Sync(HeldProcess held, IReadOnlyDictionary<ulong, string> wanted, IReadOnlyDictionary<ulong, ulong> slots)
    {
        if (IsAsWanted(wanted))
            return;
        using TargetPatch? opened = TargetPatch.OpenProcess(ProcRoot.System, pid);
        if (opened is not { } patch)
        {
            // It was killed, and its code is gone with it.
            if (wanted.Count == 0 && Errno.Last is Errno.NoProcess or Errno.NoEntry)
                return;
            throw Refused("the kernel does not let Kaa write into the process's code");
        }

        try
        {
            TakeBack(held, patch, wanted);
            Plant(held, patch, wanted, slots);
        }
        finally
        {
            _planted = [.. _sites.Values.Where(site => site.IsPlanted)];
        }
    }

    /// <summary>Another program runs in the process: nothing of the old one is there.</summary>
    public void Forget()
    {
        _sites.Clear();
        _planted = [];
    }

    /// <summary>Memory as the program would see it without breakpoints.</summary>
    public IMemory Cover(IMemory memory) => _planted.Count == 0 ? memory : new CoveredMemory(memory, _planted);

    /// <summary>A child of fork has the same bytes in its own memory: hooks let it pass, an int3 would not.</summary>
    public void CleanChild(int child)
    {
        foreach (StopSite site in _planted)
        {
            if (site is not TrapSite)
                continue;
            using TargetPatch? patch = TargetPatch.Open(ProcRoot.System, child);
            _ = patch?.TryWrite(new Address(site.Address), site.Original);
        }
    }

    private bool IsAsWanted(IReadOnlyDictionary<ulong, string> wanted)
    {
        if (_planted.Count != wanted.Count)
            return false;
        foreach (StopSite site in _planted)
        {
            if (!IsAsWanted(site, wanted))
                return false;
        }

        return true;
    }

    private static bool IsAsWanted(StopSite site, IReadOnlyDictionary<ulong, string> wanted) =>
        wanted.TryGetValue(site is ReturnSite back ? back.ReturnTo : site.Address, out string? filter) && (site is not HookSite hook || hook.Filter == filter);

    private void TakeBack(HeldProcess held, TargetPatch patch, IReadOnlyDictionary<ulong, string> wanted)
    {
        var hooks = new List<HookHandle>();
        foreach (StopSite site in _planted)
        {
            if (IsAsWanted(site, wanted))
                continue;
            if (site is HookSite hook)
                hooks.Add(hook.Hook);
            else if (site is ReturnSite back)
                Restore(patch, back);
            else
                Restore(patch, site);
            site.IsPlanted = false;
        }

        agent.Remove(held, hooks);
    }

    private void Plant(HeldProcess held, TargetPatch patch, IReadOnlyDictionary<ulong, string> wanted, IReadOnlyDictionary<ulong, ulong> slots)
    {
        UserError? refused = null;
        var filters = new Dictionary<ulong, string>();
        foreach ((ulong address, string filter) in wanted)
        {
            if (agent.IsInside(address))
                refused = OwnCode(address);
            else if (!IsPlanted(address) && !_sites.Values.Any(site => site is ReturnSite { IsPlanted: true } back && back.ReturnTo == address))
                filters.Add(address, filter);
        }

        foreach (HookHandle hook in agent.Add(held, filters))
        {
            ulong address = hook.Address.Value;
            if (hook.IsArmed)
                _sites[address] = new HookSite(hook, hook.Plan!.Displaced.Code[..JumpSize], filters[address]) { IsPlanted = true };
            else if (filters[address] == StopFilter.Counted || (slots.TryGetValue(address, out ulong slot) && TryPlantReturn(held, patch, slot, address)))
                continue;
            else if (hook.Refusal!.Code == HookRefusal.LeavingCode)
                refused = Refused(hook.Refusal.Message);
            else
                refused = PlantTrap(held, patch, address, hook.Refusal) ?? refused;
        }

        if (refused is not null)
            throw refused;
    }

    private const int JumpSize = CodeBytes.JumpSize;

    /// <summary>First the piece, then the word on the stack: whenever Kaa is killed, the frame returns to where it should.</summary>
    private bool TryPlantReturn(HeldProcess held, TargetPatch patch, ulong slot, ulong address)
    {
        Span<byte> now = stackalloc byte[sizeof(ulong)];
        if (!patch.TryRead(new Address(slot), now) || BinaryPrimitives.ReadUInt64LittleEndian(now) != address || (PieceFor(address) ?? agent.TakeStepPiece(() => held, new Address(address), out _)) is not { } piece)
            return false;
        if (!patch.TryWrite(IslandPiece.StepBack(piece.Address), BitConverter.GetBytes(Real(address))))
            return false;
        piece.IsTaken = true;
        if (!patch.TryWrite(new Address(slot), BitConverter.GetBytes(IslandPiece.Entry(piece.Address).Value)))
            return false;
        _sites[slot] = new ReturnSite(slot, piece, address) { IsPlanted = true };
        return true;
    }

    /// <summary>One that leads there already, from a frame that did not return by it.</summary>
    private StepPiece? PieceFor(ulong address)
    {
        foreach (StopSite site in _sites.Values)
        {
            if (site is ReturnSite { IsPlanted: false } back && back.ReturnTo == address)
                return back.Piece;
        }

        return null;
    }

    /// <summary>The piece stays what it is for good: a copy of the stack that a coroutine keeps may still lead there.</summary>
    private static void Restore(TargetPatch patch, ReturnSite site)
    {
        Span<byte> now = stackalloc byte[sizeof(ulong)];
        if (patch.TryRead(new Address(site.Address), now) && BinaryPrimitives.ReadUInt64LittleEndian(now) == IslandPiece.Entry(site.Piece.Address).Value)
            _ = patch.TryWrite(new Address(site.Address), site.Original);
    }

    /// <summary>Null where it lies there.</summary>
    private UserError? PlantTrap(HeldProcess held, TargetPatch patch, ulong address, HookRefusal refusal)
    {
        string place = $"Cannot insert a breakpoint at 0x{address:x}: ";
        foreach (StopSite other in _sites.Values)
        {
            if (other.IsPlanted && unchecked(address - other.Address) < (ulong)other.Length)
                return new UserError("breakpoint-refused", $"{place}the breakpoint at 0x{other.Address:x} covers the instruction", "delete that one first");
        }

        Span<byte> original = stackalloc byte[1];
        if (!patch.TryRead(new Address(address), original))
            return Refused($"0x{address:x} can't be read");
        try
        {
            var site = new TrapSite(address, original[0], agent.Prepare(held, new Address(address), refusal), refusal.Message);
            if (!patch.TryWrite(new Address(address), [Int3]))
                return Refused($"0x{address:x} can't be written");
            site.IsPlanted = true;
            _sites[address] = site;
            return null;
        }
        catch (UserError error)
        {
            return error;
        }
    }

    private static void Restore(TargetPatch patch, StopSite site)
    {
        Span<byte> now = stackalloc byte[1];

        // The library may have been unloaded, and something else lie there now.
        if (patch.TryRead(new Address(site.Address), now) && now[0] == Int3)
            _ = patch.TryWrite(new Address(site.Address), site.Original);
    }

    /// <summary>A frame returns by a piece that a killed Kaa has left: a jump there would lead to the piece itself, for ever.</summary>
    private static UserError OwnCode(ulong address) => new(
        "breakpoint-refused", $"Cannot insert a breakpoint at 0x{address:x}: that is code of Kaa's own, by which a frame returns that an earlier kaa was killed in the midst of.", "continue: the frame is soon gone");

    private static UserError Refused(string why) => new("breakpoint-refused", "Cannot insert a breakpoint: " + why);
}
