using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Memory;

namespace Kaa.Control.Agent;

/// <summary>What the agent shares with Kaa, by offsets: mapped here too, or, where that is not allowed, as memory of the process.</summary>
internal sealed class AgentMemory(SharedMapping? mapping, TargetPatch patch, Address shared) : IDisposable
{
    private const int PollMicroseconds = 500;

    public Address Shared => shared;

    /// <summary>False where the process is gone, and what it shared with it.</summary>
    public bool TryRead(ulong offset, Span<byte> bytes)
    {
        if (mapping is null)
            return patch.TryRead(shared + offset, bytes);
        Span<byte> all = mapping.Bytes;
        if (offset > (ulong)all.Length || (ulong)(all.Length - bytes.Length) < offset)
            return false;
        all.Slice((int)offset, bytes.Length).CopyTo(bytes);
        return true;
    }

    public bool TryWrite(ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (mapping is null)
            return patch.TryWrite(shared + offset, bytes);
        Span<byte> all = mapping.Bytes;
        if (offset > (ulong)all.Length || (ulong)(all.Length - bytes.Length) < offset)
            return false;
        bytes.CopyTo(all.Slice((int)offset, bytes.Length));
        TargetPatch.Wrote();
        return true;
    }

    /// <summary>The process has ended, or runs another program.</summary>
    public bool IsGone => patch.IsGone;

    /// <summary>Of the process's own memory.</summary>
    public bool TryReadProcess(Address address, Span<byte> bytes) => patch.TryRead(address, bytes);

    /// <summary>Writes memory of the process's that is not shared with it.</summary>
    public bool TryWriteProcess(Address address, ReadOnlySpan<byte> bytes) => patch.TryWrite(address, bytes);

    /// <summary>The very bytes; empty where they are not mapped here. Not to be used any more when this is disposed of.</summary>
    public Span<byte> Map(ulong offset, ulong length) =>
        mapping is { } all && offset <= (ulong)all.Bytes.Length && length <= (ulong)all.Bytes.Length - offset ? all.Bytes.Slice((int)offset, (int)length) : [];

    public T Read<T>(ulong offset)
        where T : unmanaged
    {
        T value = default;
        _ = TryRead(offset, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
        return value;
    }

    public void Write<T>(ulong offset, T value)
        where T : unmanaged => TryWrite(offset, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref value, 1)));

    /// <summary>One aligned word, after whatever was read before it was written.</summary>
    public ulong ReadWord(ulong offset) => mapping is null ? Read<ulong>(offset) : System.Threading.Volatile.Read(ref Word<ulong>(offset));

    /// <inheritdoc cref="ReadWord"/>
    public uint ReadHalf(ulong offset) => mapping is null ? Read<uint>(offset) : System.Threading.Volatile.Read(ref Word<uint>(offset));

    /// <summary>One aligned word, after all that was written before.</summary>
    public void WriteWord(ulong offset, ulong value)
    {
        if (mapping is null)
            Write(offset, value);
        else
            System.Threading.Volatile.Write(ref Word<ulong>(offset), value);
        TargetPatch.Wrote();
    }

    /// <inheritdoc cref="WriteWord"/>
    public void WriteHalf(ulong offset, uint value)
    {
        if (mapping is null)
            Write(offset, value);
        else
            System.Threading.Volatile.Write(ref Word<uint>(offset), value);
        TargetPatch.Wrote();
    }

    /// <summary>A store that is seen before any later load.</summary>
    public void WriteHalfFenced(ulong offset, uint value)
    {
        WriteHalf(offset, value);
        System.Threading.Interlocked.MemoryBarrier();
    }

    /// <summary>Changes one aligned word from what it is to what becomes of it, with nobody's change in between. It has to be mapped here.</summary>
    /// <returns>What it was.</returns>
    public ulong Exchange(ulong offset, Func<ulong, ulong> change)
    {
        ref ulong word = ref Word<ulong>(offset);
        ulong old = System.Threading.Volatile.Read(ref word);
        while (System.Threading.Interlocked.CompareExchange(ref word, change(old), old) is var now && now != old)
            old = now;
        TargetPatch.Wrote();
        return old;
    }

    /// <summary>One less. Where it is not mapped here the process has to stand still.</summary>
    public void Decrement(ulong offset)
    {
        if (mapping is null)
            WriteHalf(offset, ReadHalf(offset) - 1);
        else
            _ = System.Threading.Interlocked.Decrement(ref Word<uint>(offset));
        TargetPatch.Wrote();
    }

    /// <summary>Sleeps while a half word has a value, for at most some time; may return early.</summary>
    public void Sleep(ulong offset, uint value, TimeSpan time)
    {
        if (mapping is null)
            Clock.Sleep(Math.Min(PollMicroseconds, (int)Math.Min(time.TotalMicroseconds, int.MaxValue)));
        else
            mapping.Wait((int)offset, value, time);
    }

    /// <summary>Wakes a thread of the process that sleeps on a half word; where that can't be done it looks by itself within 20 ms.</summary>
    public void Wake(ulong offset) => mapping?.Wake((int)offset);

    /// <summary>Makes pages zeros, and gives them back where they are mapped here; else they stay as they are: false.</summary>
    public bool TryDiscard(ulong offset, ulong length)
    {
        mapping?.Discard((int)offset, (int)length);
        return mapping is not null;
    }

    public void Dispose() => mapping?.Dispose();

    private ref T Word<T>(ulong offset)
        where T : unmanaged => ref MemoryMarshal.Cast<byte, T>(mapping!.Bytes[(int)offset..])[0];
}
