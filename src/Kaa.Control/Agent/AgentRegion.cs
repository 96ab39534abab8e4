using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Memory;
using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>How the agent's pieces lie behind each other: code, private data, the state's page, what is shared.</summary>
internal sealed class AgentRegion
{
    public const int PageSize = 4096;
    public const int HookCapacity = 4096;
    public const int TrapCapacity = 1024;
    public const int ParkCount = 256;
    private const int Buckets = 1 << 17;
    private const int LeastRing = 64 << 10;

    private AgentRegion(Address start, AgentOptions options)
    {
        Start = start;
        RingBytes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(options.RingBytes, LeastRing, 1 << 30));
        Hooks = PageSize;
        Traps = Hooks + HookCapacity * (ulong)Unsafe.SizeOf<AgentHook>();
        Parks = Traps + TrapCapacity * (ulong)Unsafe.SizeOf<AgentTrap>();
        BucketTable = Parks + ParkCount * (ulong)Unsafe.SizeOf<AgentPark>();
        Arena = BucketTable + Buckets * 8ul;
        ArenaSize = ((ulong)Math.Clamp(options.StackBytes, PageSize, 1 << 30) + PageSize - 1) & ~(PageSize - 1ul);
        Ring = Arena + ArenaSize;
        Allocations = options.Allocations ? new MemoryAreaLayout(Ring + (ulong)RingBytes, options.NativeStacks) : null;
        SharedSize = Allocations?.End ?? Ring + (ulong)RingBytes;
    }

    public static AgentImageHead Image { get; } = MemoryMarshal.Read<AgentImageHead>(AgentImageBytes.Text);

    /// <summary>A hash of the image (FNV-1a): agents of the same bytes may take each other's place.</summary>
    public static ulong Build { get; } = HashOf(AgentImageBytes.Text);

    public Address Start { get; }

    public Address Data => Start + (ulong)Image.text_size;

    public static ulong DataSize => Image.size - Image.text_size;

    public Address State => Start + (ulong)Image.size;

    public Address Shared => State + (ulong)PageSize;

    public ulong SharedSize { get; }

    public ulong Size => Image.size + PageSize + SharedSize;

    public int RingBytes { get; }

    public ulong Hooks { get; }

    public ulong Traps { get; }

    public ulong Parks { get; }

    public ulong BucketTable { get; }

    public ulong Arena { get; }

    public ulong ArenaSize { get; }

    public ulong Ring { get; }

    /// <summary>Null where there is no room for it.</summary>
    public MemoryAreaLayout? Allocations { get; }

    public static AgentRegion At(Address start, AgentOptions options) => new(start, options);

    public AgentHeader Header(int pid, AgentCalls calls) => new()
    {
        magic = 0,
        protocol = Image.protocol,
        header_size = (uint)Unsafe.SizeOf<AgentHeader>(),
        size = SharedSize,
        shared = Shared.Value,
        image = Start.Value,
        image_size = Image.size,
        state = State.Value,
        build = Build,
        hooks = Hooks,
        hook_size = (uint)Unsafe.SizeOf<AgentHook>(),
        traps = Traps,
        trap_size = (uint)Unsafe.SizeOf<AgentTrap>(),
        parks = Parks,
        park_size = (uint)Unsafe.SizeOf<AgentPark>(),
        park_count = ParkCount,
        buckets = BucketTable,
        bucket_count = Buckets,
        arena = Arena,
        arena_size = ArenaSize,
        ring = Ring,
        ring_units = (ulong)RingBytes / 64,
        pid = (uint)pid,
        calls = calls,
        hook_capacity = HookCapacity,
        trap_capacity = TrapCapacity,
        memory = Allocations?.Start ?? 0,
    };

    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte one in bytes)
            hash = unchecked((hash ^ one) * 0x100000001b3);
        return hash;
    }
}
