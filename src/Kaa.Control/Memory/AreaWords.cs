using System.Runtime.CompilerServices;

namespace Kaa.Control.Memory;

/// <summary>Offsets in struct kaa_memory of what changes while it is in use.</summary>
internal static class AreaWords
{
    private static AgentMemoryArea s_area;
    private static AgentOwn s_own;

    public static readonly ulong Recording = Of(ref s_area.recording);
    public static readonly ulong Session = Of(ref s_area.session);
    public static readonly ulong CodeSize = Of(ref s_area.code_size);
    public static readonly ulong CodeEnd = Of(ref s_area.extra) + sizeof(uint);
    public static readonly ulong Chunk = Of(ref s_area.chunk);
    public static readonly ulong Chunks = Of(ref s_area.chunks);
    public static readonly ulong Entry = Of(ref s_area.entry);
    public static readonly ulong Tail = Of(ref s_area.tail);
    public static readonly ulong Room = Of(ref s_area.room);
    public static readonly ulong Head = Of(ref s_area.head);
    public static readonly ulong Lost = Of(ref s_area.lost);
    public static readonly ulong NodesLost = Of(ref s_area.nodes_lost);
    public static readonly ulong ThreadsLost = Of(ref s_area.threads_lost);

    public static readonly ulong Blocked = Of(ref s_area.blocked);

    /// <summary>Of <see cref="AgentOwn"/>.</summary>
    public static readonly ulong OwnDomains = OfOwn(ref s_own.domains);
    public static readonly ulong OwnSmall = OfOwn(ref s_own.small);
    public static readonly ulong OwnArena = OfOwn(ref s_own.arena);
    public static readonly ulong OwnPlaces = OfOwn(ref s_own.places);
    public static readonly ulong OwnFilter = OfOwn(ref s_own.filter);
    public static readonly ulong OwnLeft = OfOwn(ref s_own.left);
    public static readonly ulong OwnCodeEnd = OfOwn(ref s_own.code_end);

    private static ulong OfOwn<T>(ref T field) => (ulong)Unsafe.ByteOffset(ref Unsafe.As<AgentOwn, byte>(ref s_own), ref Unsafe.As<T, byte>(ref field));

    private static ulong Of<T>(ref T field) => (ulong)Unsafe.ByteOffset(ref Unsafe.As<AgentMemoryArea, byte>(ref s_area), ref Unsafe.As<T, byte>(ref field));
}
