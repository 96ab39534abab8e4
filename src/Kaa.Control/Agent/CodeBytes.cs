using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Linux.Memory;

namespace Kaa.Control.Agent;

public enum RestoreResult
{
    /// <summary>The program's own bytes are there now.</summary>
    Restored,

    /// <summary>They were there already.</summary>
    Untouched,

    /// <summary>Somebody else has written there since: left as it is.</summary>
    Foreign,
    Unreadable,
}

/// <summary>Writes the five bytes of a hook, and takes them back, by compare and exchange: all threads are held meanwhile.</summary>
internal static class CodeBytes
{
    public const int JumpSize = 5;
    private const int WordSize = 8;

    /// <summary>In place of a patch's size: all of an aligned word of data.</summary>
    public const int Pointer = 16;

    private const int PageSize = 4096;

    /// <summary>The aligned word that holds the whole jump, or where none does the jump's own five bytes; null where those lie in two pages.</summary>
    public static (Address Word, int Size)? PlaceOf(Address address)
    {
        ulong within = address.Value & (WordSize - 1);
        if (within + JumpSize <= WordSize)
            return (new Address(address.Value - within), WordSize);
        return (address.Value & (PageSize - 1)) + JumpSize <= PageSize ? (address, JumpSize) : null;
    }

    /// <summary>Changes only the jump's bytes, whatever stands beside them in the word by now.</summary>
    /// <param name="from">Of the word, as <see cref="AgentHook.original"/> has it.</param>
    public static RestoreResult Exchange(TargetPatch patch, Address address, ulong word, int size, ulong from, ulong to)
    {
        Span<byte> now = stackalloc byte[WordSize];
        now.Clear();
        bool isPointer = size == Pointer;
        size = isPointer ? WordSize : size;
        if (size is < 1 or > WordSize || !patch.TryRead(new Address(word), now[..size]))
            return RestoreResult.Unreadable;
        int within = (int)(address.Value - word);
        int length = isPointer ? WordSize : Math.Min(JumpSize, size - within);
        Span<byte> old = stackalloc byte[WordSize];
        Span<byte> wanted = stackalloc byte[WordSize];
        BinaryPrimitives.WriteUInt64LittleEndian(old, from);
        BinaryPrimitives.WriteUInt64LittleEndian(wanted, to);
        Span<byte> bytes = now.Slice(within, length);
        if (bytes.SequenceEqual(wanted.Slice(within, length)))
            return RestoreResult.Untouched;
        if (!bytes.SequenceEqual(old.Slice(within, length)))
            return RestoreResult.Foreign;
        wanted.Slice(within, length).CopyTo(bytes);
        return patch.TryWrite(new Address(word), now[..size]) ? RestoreResult.Restored : RestoreResult.Unreadable;
    }
}
