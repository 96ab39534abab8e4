using System.Runtime.CompilerServices;
using Kaa.Control.Agent.Code;
using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>The agent's hooks and islands, as this Kaa knows them. A number, its address and its piece of an island stay together for good.</summary>
internal sealed class HookTable
{
    public const int IslandSize = 64 << 10;
    private const int PiecesInIsland = IslandSize / IslandPiece.Size;
    private const ulong SizeMask = 4095;
    private const ulong SizeUnit = 1024;

    private readonly AgentMemory _memory;
    private readonly List<AgentHook> _hooks = [];
    private readonly List<Address> _islands = [];
    private readonly Dictionary<Address, int> _used = [];
    private readonly Dictionary<(Address Address, bool IsTrap), int> _byAddress = [];

    public HookTable(AgentMemory memory)
    {
        _memory = memory;
        Header = memory.Read<AgentHeader>(0);
        for (ulong i = 0; i < AgentHeader.MostIslands; i++)
        {
            if (memory.ReadWord(AgentWords.IslandsOffset + i * sizeof(ulong)) is not 0 and ulong island)
                _islands.Add(new Address(island & ~SizeMask));
        }

        for (int i = 0; i < Math.Min(Header.hook_count, Header.hook_capacity); i++)
            Learn(i, memory.Read<AgentHook>(OffsetOf(i)));
    }

    public AgentHeader Header { get; }

    public int Count => _hooks.Count;

    public AgentHook this[int number] => _hooks[number];

    public ulong OffsetOf(int number) => Header.hooks + (ulong)number * (ulong)Unsafe.SizeOf<AgentHook>();

    public Address AddressOf(int number) => _memory.Shared + OffsetOf(number);

    public int? Find(Address address, bool isTrap = false) => _byAddress.TryGetValue((address, isTrap), out int number) ? number : null;

    /// <summary>A new number; null where there are no more.</summary>
    public int? Take(Address address, bool isTrap)
    {
        if (_hooks.Count >= (int)Header.hook_capacity)
            return null;
        int number = _hooks.Count;
        Learn(number, new AgentHook { address = address.Value, patch_size = isTrap ? 1u : 0 });
        return number;
    }

    /// <summary>In the process too: first the record, then the count of them.</summary>
    public void Store(int number, in AgentHook hook)
    {
        _hooks[number] = hook;
        _memory.Write(OffsetOf(number), hook);
        if (_memory.ReadHalf(AgentWords.HookCountOffset) <= (uint)number)
            _memory.WriteHalf(AgentWords.HookCountOffset, (uint)number + 1);
    }

    /// <summary>Here only: the piece that a hook was given, before anything of it is written.</summary>
    public void Keep(int number, in AgentHook hook) => _hooks[number] = hook;

    public void StoreState(int number, AgentHookState state)
    {
        _hooks[number] = _hooks[number] with { state = state };
        _memory.WriteHalf(OffsetOf(number) + AgentWords.HookState, (uint)state);
    }

    /// <summary>A piece that a jump from the address reaches, with room to spare for what the code there refers to; null where a new island is needed.</summary>
    public Address? TakePiece(Address from)
    {
        foreach (Address island in _islands)
        {
            int used = _used.GetValueOrDefault(island);
            if (used == PiecesInIsland || Math.Abs(island - from) >= (long)Reach)
                continue;
            _used[island] = used + 1;
            return island + used * IslandPiece.Size;
        }

        return null;
    }

    /// <summary>How far an island may lie from what it serves: within 2 GiB, less what a big module spans.</summary>
    public static ulong Reach => (1ul << 31) - (64 << 20);

    /// <summary>False where there are too many.</summary>
    public bool AddIsland(Address island)
    {
        if (_islands.Count == AgentHeader.MostIslands)
            return false;
        _memory.WriteWord(AgentWords.IslandsOffset + (ulong)_islands.Count * sizeof(ulong), island.Value | IslandSize / SizeUnit);
        _islands.Add(island);
        return true;
    }

    public bool IsInIsland(Address address)
    {
        foreach (Address island in _islands)
        {
            if (address >= island && address < island + IslandSize)
                return true;
        }

        return false;
    }

    private void Learn(int number, AgentHook hook)
    {
        _hooks.Add(hook);
        if (hook.address != 0)
            _byAddress[(new Address(hook.address), hook.patch_size == 1)] = number;
        if (hook.island == 0)
            return;
        var piece = new Address(hook.island);
        foreach (Address island in _islands)
        {
            if (piece >= island && piece < island + IslandSize)
                _used[island] = Math.Max(_used.GetValueOrDefault(island), (int)((piece - island) / IslandPiece.Size) + 1);
        }
    }
}
