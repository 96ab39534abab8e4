using System.Numerics;

namespace Kaa.Formats.Elf;

/// <summary>Finds a dynamic symbol by name as the dynamic loader does: a few reads, whatever the size of the table.</summary>
internal sealed class ElfSymbolLookup(IMemory memory, ElfDynamic dynamic)
{
    /// <summary>VERSYM_HIDDEN: an old version of the symbol, kept for programs linked against it.</summary>
    private const ushort HiddenVersion = 0x8000;

    public ElfSymbol? Find(ReadOnlySpan<byte> name)
    {
        if (dynamic.Symbols is not { } symbols || dynamic.Strings is null || name.IsEmpty || name.Length > Limits.SymbolName)
            return null;
        if (dynamic.GnuHash is { } gnuHash)
            return FindByGnuHash(gnuHash, symbols, name);
        return dynamic.Hash is { } hash ? FindByHash(hash, symbols, name) : null;
    }

    // Layout: nbuckets, symoffset, bloom_size, bloom_shift; bloom[bloom_size] of 8 bytes; buckets[nbuckets], chain[] of 4 bytes.
    private ElfSymbol? FindByGnuHash(Address table, Address symbols, ReadOnlySpan<byte> name)
    {
        uint buckets = memory.Read<uint>(table);
        uint firstHashed = memory.Read<uint>(table + 4);
        uint bloomWords = memory.Read<uint>(table + 8);
        int bloomShift = memory.Read<int>(table + 12);
        if (buckets == 0 || !BitOperations.IsPow2(bloomWords))
            throw new BadData("ELF", table.Value, "DT_GNU_HASH needs buckets and a power of two of bloom words");

        uint hash = GnuHash(name);
        Address bloom = table + 16;
        ulong word = memory.Read<ulong>(bloom + ((long)((hash / 64) & (bloomWords - 1)) * 8));
        if ((word >> (int)(hash & 63) & word >> (int)((hash >> (bloomShift & 31)) & 63) & 1) == 0)
            return null;

        Address bucketTable = bloom + ((long)bloomWords * 8);
        uint index = memory.Read<uint>(bucketTable + ((long)(hash % buckets) * 4));
        if (index < firstHashed)
            return null;
        Address chain = bucketTable + ((long)buckets * 4);
        return WalkGnuChain(chain - (firstHashed * 4L), index, hash, symbols, name);
    }

    private ElfSymbol? WalkGnuChain(Address chain, uint index, uint hash, Address symbols, ReadOnlySpan<byte> name)
    {
        ElfSymbol? hidden = null;
        for (int steps = 0; steps < Limits.ElfHashChain; steps++)
        {
            long i = (long)index + steps;
            uint entry = memory.Read<uint>(chain + (i * 4));
            if ((entry | 1) == (hash | 1) && Matches(symbols, i, name, out ElfSymbol symbol))
            {
                if (!IsHidden(i))
                    return symbol;
                hidden ??= symbol;
            }

            if ((entry & 1) != 0)
                return hidden;
        }

        throw new BadData("ELF", chain.Value, $"a DT_GNU_HASH chain of more than {Limits.ElfHashChain}");
    }

    // Layout: nbucket, nchain, bucket[nbucket], chain[nchain] of 4 bytes; index 0 ends a chain.
    private ElfSymbol? FindByHash(Address table, Address symbols, ReadOnlySpan<byte> name)
    {
        uint buckets = memory.Read<uint>(table);
        if (buckets == 0)
            return null;
        Address chain = table + 8 + (buckets * 4L);
        ElfSymbol? hidden = null;
        uint index = memory.Read<uint>(table + 8 + ((SysvHash(name) % buckets) * 4L));
        for (int steps = 0; index != 0; steps++)
        {
            if (steps == Limits.ElfHashChain)
                throw new BadData("ELF", table.Value, $"a DT_HASH chain of more than {Limits.ElfHashChain}");
            if (Matches(symbols, index, name, out ElfSymbol symbol))
            {
                if (!IsHidden(index))
                    return symbol;
                hidden ??= symbol;
            }

            index = memory.Read<uint>(chain + (index * 4L));
        }

        return hidden;
    }

    private bool Matches(Address symbols, long index, ReadOnlySpan<byte> name, out ElfSymbol symbol)
    {
        Span<byte> entry = stackalloc byte[ElfSymbol.EntrySize];
        memory.ReadExactly(symbols + (index * ElfSymbol.EntrySize), entry);
        symbol = ElfSymbol.Parse(entry);
        if (!symbol.IsDefined || symbol.NameOffset >= dynamic.StringsSize)
            return false;
        Span<byte> found = name.Length < 256 ? stackalloc byte[name.Length + 1] : new byte[name.Length + 1];
        return memory.TryReadExactly(dynamic.Strings!.Value + (long)symbol.NameOffset, found) && found[^1] == 0 && found[..^1].SequenceEqual(name);
    }

    private bool IsHidden(long index) =>
        dynamic.Versions is { } versions && memory.TryRead(versions + (index * 2), out ushort version) && (version & HiddenVersion) != 0;

    // Bernstein's hash from 5381; see the GNU hash section format in binutils' bfd/elflink.c (collect_gnu_hash_codes).
    private static uint GnuHash(ReadOnlySpan<byte> name)
    {
        uint hash = 5381;
        foreach (byte letter in name)
            hash = unchecked((hash * 33) + letter);
        return hash;
    }

    // gABI, chapter 5, "Hash Table".
    private static uint SysvHash(ReadOnlySpan<byte> name)
    {
        uint hash = 0;
        foreach (byte letter in name)
        {
            hash = unchecked((hash << 4) + letter);
            uint top = hash & 0xf0000000;
            hash = (hash ^ (top >> 24)) & ~top;
        }

        return hash;
    }
}
