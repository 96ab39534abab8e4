using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// Puts int3 where breakpoints are, and takes them back. Before the first byte of one is written the agent knows where a thread goes on that meets it: at a copy of the
/// instruction, elsewhere. So threads need not be stepped over them, others may run meanwhile, and the process lives on if Kaa is killed. On the thread that traces,
/// with all threads stopped.
/// </summary>
internal sealed class BreakpointPlanter(int pid, AgentLink agent) : ITrapSites
{
    private const byte Int3 = 0xcc;

    private readonly Dictionary<ulong, Site> _sites = [];

    /// <summary>Also for those that are gone: a thread may have met one just before.</summary>
    public ulong? Detour(ulong address) => _sites.TryGetValue(address, out Site? site) ? site.Detour : agent.Find(address);

    /// <summary>A thread there is at a copy of an instruction, or on its way from it to the next.</summary>
    public bool IsDetour(ulong address) => agent.Contains(address);

    public bool IsPlanted(ulong address) => _sites.TryGetValue(address, out Site? site) && site.IsPlanted;

    /// <summary>Makes what is in the code what is wanted.</summary>
    /// <exception cref="UserError">breakpoint-refused: one can't be put there; those before it are.</exception>
    public void Sync(HeldProcess held, IReadOnlySet<ulong> wanted)
    {
        if (wanted.Count == 0 && !IsAnyPlanted())
            return;
        using TargetPatch? opened = TargetPatch.Open(ProcRoot.System, pid);
        if (opened is not { } patch)
        {
            // It was killed, and its code is gone with it.
            if (wanted.Count == 0 && Errno.Last is Errno.NoProcess or Errno.NoEntry)
                return;
            throw Refused("the kernel does not let Kaa write into the process's code");
        }

        foreach ((ulong address, Site site) in _sites)
        {
            if (site.IsPlanted && !wanted.Contains(address))
                Restore(patch, address, site);
        }

        foreach (ulong address in wanted)
            Plant(held, patch, address);
    }

    private bool IsAnyPlanted()
    {
        foreach (Site site in _sites.Values)
        {
            if (site.IsPlanted)
                return true;
        }

        return false;
    }

    /// <summary>A child of fork has the same bytes in its own memory.</summary>
    public void CleanChild(int child)
    {
        using TargetPatch? patch = TargetPatch.Open(ProcRoot.System, child);
        foreach ((ulong address, Site site) in _sites)
        {
            if (site.IsPlanted)
                _ = patch?.TryWrite(new Address(address), [site.Original]);
        }
    }

    /// <summary>Another program runs in the process: nothing of the old one is there.</summary>
    public void Forget() => _sites.Clear();

    /// <summary>Memory as the program would see it without breakpoints.</summary>
    public IMemory Cover(IMemory memory) => new CoveredMemory(memory, _sites);

    private void Plant(HeldProcess held, TargetPatch patch, ulong address)
    {
        Span<byte> original = stackalloc byte[1];
        if (IsPlanted(address))
            return;
        if (!patch.TryRead(new Address(address), original))
            throw Refused($"0x{address:x} can't be read");
        if (!_sites.TryGetValue(address, out Site? site))
            _sites.Add(address, site = new Site(original[0], agent.Prepare(held, new Address(address))));
        if (!patch.TryWrite(new Address(address), [Int3]))
            throw Refused($"0x{address:x} can't be written");
        site.IsPlanted = true;
    }

    private static void Restore(TargetPatch patch, ulong address, Site site)
    {
        Span<byte> now = stackalloc byte[1];

        // The library may have been unloaded, and something else lie there now.
        if (patch.TryRead(new Address(address), now) && now[0] == Int3)
            _ = patch.TryWrite(new Address(address), [site.Original]);
        site.IsPlanted = false;
    }

    private static UserError Refused(string why) => new("breakpoint-refused", "Cannot insert a breakpoint: " + why);

    private sealed class Site(byte original, ulong detour)
    {
        public byte Original { get; } = original;

        public ulong Detour { get; } = detour;

        public bool IsPlanted { get; set; }
    }

    private sealed class CoveredMemory(IMemory memory, Dictionary<ulong, Site> sites) : IMemory
    {
        public int Read(Address address, Span<byte> buffer)
        {
            int count = memory.Read(address, buffer);
            foreach ((ulong place, Site site) in sites)
            {
                if (site.IsPlanted && unchecked(place - address.Value) < (ulong)count)
                    buffer[(int)(place - address.Value)] = site.Original;
            }

            return count;
        }
    }
}
