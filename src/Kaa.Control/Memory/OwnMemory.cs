using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>
/// struct kaa_own, made ready for a recording. Threads may be in the agent's functions yet that came there in an earlier one, however it ended: between its first instruction and the call of
/// CPython's function such a thread may wait for a processor for long. So those functions stay where they are, and a place stays its thread's.
/// </summary>
internal static class OwnMemory
{
    /// <summary>With more places taken than this those of threads that are gone are freed.</summary>
    private const int Crowded = AgentOwn.PlaceCount / 2;

    /// <exception cref="UserError">agent-refused: it can't be written.</exception>
    public static void Begin(AgentSession agent)
    {
        Write(agent, 0, BitConverter.GetBytes(agent.Shared.Shared.Value + agent.Allocations));
        var places = new AgentPlace[AgentOwn.PlaceCount];
        if (!agent.Shared.TryReadProcess(agent.Own + AreaWords.OwnPlaces, MemoryMarshal.AsBytes(places.AsSpan())))
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);
        bool isCrowded = places.Count(place => place.pointer != 0) > Crowded;
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i].pointer != 0)
                Begin(agent, places[i], AreaWords.OwnPlaces + (ulong)(i * Unsafe.SizeOf<AgentPlace>()), isCrowded);
        }

        Write(agent, AreaWords.OwnFilter, new byte[AgentOwn.FilterSize]);
        long[] left = new long[AgentOwn.PlaceCount];
        Array.Fill(left, AgentPlace.Undrawn);
        Write(agent, AreaWords.OwnLeft, MemoryMarshal.AsBytes(left.AsSpan()));
    }

    /// <summary>The next time that the thread comes by it begins as a new one. Each write is of words that only Kaa changes then, or that may be lost.</summary>
    private static void Begin(AgentSession agent, AgentPlace place, ulong offset, bool mayFree)
    {
        bool isFree = mayFree && place.Tid != 0 && !agent.HasThread(place.Tid);
        place = isFree ? default : place with { left = AgentPlace.Undrawn, outer = 0, tid = place.tid | AgentPlace.Former };
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref place, 1));
        Range changed = isFree ? .. : sizeof(ulong)..^sizeof(uint); // else its pointer and its number stay
        Write(agent, offset + (ulong)changed.Start.Value, bytes[changed]);
    }

    private static void Write(AgentSession agent, ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (!agent.Shared.TryWriteProcess(agent.Own + offset, bytes))
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);
    }
}
