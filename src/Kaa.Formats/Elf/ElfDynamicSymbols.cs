namespace Kaa.Formats.Elf;

/// <summary>The whole of <c>.dynsym</c> as it lies in memory.</summary>
internal static class ElfDynamicSymbols
{
    private const int Piece = 4_096;

    /// <exception cref="BadData">The tables make no sense.</exception>
    /// <exception cref="TargetFault">The tables can't be read.</exception>
    public static ElfSymbolTable Open(IMemory memory, ElfDynamic dynamic)
    {
        if (dynamic.Symbols is not { } symbols || dynamic.Strings is not { } strings)
            return new ElfSymbolTable(ElfRange.Empty, ElfRange.Empty);
        ulong count = Count(memory, dynamic);
        if (count > Limits.ElfSymbols || dynamic.StringsSize > Limits.ElfSection)
            throw new BadData("ELF", symbols.Value, $"{count} dynamic symbols");
        return new ElfSymbolTable(Range(memory, symbols, count * ElfSymbol.EntrySize), Range(memory, strings, dynamic.StringsSize));
    }

    private static ElfRange Range(IMemory memory, Address start, ulong length) =>
        new(new ElfMappedSource(memory, start, (long)length), 0, length, ".dynsym");

    /// <summary>The section headers are not in memory: the hash tables know how many symbols there are.</summary>
    private static ulong Count(IMemory memory, ElfDynamic dynamic)
    {
        // nbucket, nchain: one chain word a symbol.
        if (dynamic.Hash is { } hash)
            return memory.Read<uint>(hash + 4);
        return dynamic.GnuHash is { } gnuHash ? CountByGnuHash(memory, gnuHash) : 0;
    }

    // The chain that begins last ends with the last symbol; undefined ones come before all that are hashed.
    private static ulong CountByGnuHash(IMemory memory, Address table)
    {
        uint buckets = memory.Read<uint>(table);
        uint firstHashed = memory.Read<uint>(table + 4);
        uint bloomWords = memory.Read<uint>(table + 8);
        if (buckets > Limits.ElfSymbols || bloomWords > Limits.ElfSymbols)
            throw new BadData("ELF", table.Value, $"DT_GNU_HASH has {buckets} buckets");
        Address bucketTable = table + 16 + (bloomWords * 8L);
        uint last = Largest(memory, bucketTable, buckets);
        if (last < firstHashed)
            return firstHashed;
        Address chain = bucketTable + (buckets * 4L) - (firstHashed * 4L);
        for (uint i = last; i - last < Limits.ElfHashChain; i++)
        {
            if ((memory.Read<uint>(chain + (i * 4L)) & 1) != 0)
                return i + 1ul;
        }

        throw new BadData("ELF", table.Value, "a chain of DT_GNU_HASH has no end");
    }

    private static uint Largest(IMemory memory, Address table, uint count)
    {
        uint largest = 0;
        Span<uint> piece = stackalloc uint[Piece / sizeof(uint)];
        for (uint start = 0; start < count; start += (uint)piece.Length)
        {
            Span<uint> part = piece[..(int)Math.Min((uint)piece.Length, count - start)];
            memory.ReadExactly(table + (start * 4L), System.Runtime.InteropServices.MemoryMarshal.AsBytes(part));
            foreach (uint index in part)
                largest = Math.Max(largest, index);
        }

        return largest;
    }
}

/// <summary>A range of the target's memory in place of a file.</summary>
internal sealed class ElfMappedSource(IMemory memory, Address start, long length) : ElfSource
{
    public override long Length => length;

    public override int Read(long offset, Span<byte> buffer) => memory.Read(start + offset, buffer);
}
