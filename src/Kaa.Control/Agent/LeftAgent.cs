using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Memory;

namespace Kaa.Control.Agent;

/// <summary>An agent that is in a process already: an earlier Kaa's, or, in a child of fork, that of its parent.</summary>
internal sealed class LeftAgent
{
    public const string Name = "kaa-agent";
    private const string Path = "/memfd:" + Name;
    private const int MostHooks = 1 << 16;

    private LeftAgent(Mapping mapping, AgentHeader header, bool isOwn)
    {
        Mapping = mapping;
        Header = header;
        IsOwn = isOwn;
    }

    public Mapping Mapping { get; }

    /// <summary>As it was found.</summary>
    public AgentHeader Header { get; }

    /// <summary>False where it came with fork: what is shared is shared with the parent.</summary>
    public bool IsOwn { get; }

    /// <summary>The very image that this Kaa has.</summary>
    public bool IsSame =>
        Header.protocol == AgentRegion.Image.protocol && Header.build == AgentRegion.Build && Header.header_size == (uint)Unsafe.SizeOf<AgentHeader>()
        && Header.hook_size == (uint)Unsafe.SizeOf<AgentHook>() && Header.size == Mapping.Length;

    /// <summary>All that can be told from mappings and memory, the newest last; those that were never finished are left out.</summary>
    public static List<LeftAgent> Find(IReadOnlyList<Mapping> mappings, TargetPatch memory)
    {
        var found = new List<LeftAgent>();
        foreach (Mapping mapping in mappings)
        {
            if (!IsShared(mapping) || !TryReadHeader(memory, mapping, out AgentHeader header))
                continue;
            AgentState state = default;
            _ = memory.TryRead(new Address(header.state), MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref state, 1)));
            found.Add(new LeftAgent(mapping, header, state.own == 1));
        }

        return found;
    }

    /// <summary>What a Kaa left that was killed before it had finished: nothing of the process's leads there.</summary>
    public static List<Mapping> FindUnfinished(IReadOnlyList<Mapping> mappings, TargetPatch memory)
    {
        var found = new List<Mapping>();
        foreach (Mapping mapping in mappings)
        {
            if (IsShared(mapping) && !TryReadHeader(memory, mapping, out _))
                found.Add(mapping);
        }

        return found;
    }

    /// <summary>The hooks as they are now.</summary>
    public List<AgentHook> ReadHooks(TargetPatch memory)
    {
        var hooks = new List<AgentHook>();
        Address at = Mapping.Start + Header.hooks;
        byte[] bytes = new byte[Unsafe.SizeOf<AgentHook>()];
        uint count = 0;
        _ = memory.TryRead(Mapping.Start + AgentWords.HookCountOffset, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref count, 1)));
        for (int i = 0; i < Math.Min(count, MostHooks); i++)
        {
            int size = (int)Math.Min(Header.hook_size, (uint)bytes.Length);
            if (!memory.TryRead(at + i * (long)Header.hook_size, bytes.AsSpan(0, size)))
                break;
            hooks.Add(MemoryMarshal.Read<AgentHook>(bytes));
        }

        return hooks;
    }

    /// <summary>By its name: what an agent shares with Kaa.</summary>
    public static bool IsShared(Mapping mapping) => mapping.Path == Path && mapping.Offset == 0 && mapping.Can(MappingAccess.Shared);

    private static bool TryReadHeader(TargetPatch memory, Mapping mapping, out AgentHeader header)
    {
        header = default;
        return memory.TryRead(mapping.Start, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref header, 1)))
            && header.magic == AgentHeader.Magic && header.shared == mapping.Start.Value && header.hook_size >= 64;
    }
}
