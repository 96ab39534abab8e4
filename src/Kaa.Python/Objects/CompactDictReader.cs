using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>The indices and entries of a keys object.</summary>
/// <param name="Indices">2^<paramref name="Log2Size"/> of them, up to where the entries begin.</param>
/// <param name="Count">How many entries are in use, deleted ones included.</param>
internal readonly record struct KeysTable(Address Indices, int Log2Size, Address Entries, long Count, int EntrySize, int KeyOffset)
{
    /// <summary>In bytes: 1, 2, 4 or 8.</summary>
    public int IndexWidth => (int)((Entries - Indices) >> Log2Size);
}

/// <summary>3.6 and later: a keys object with indices and, in order of insertion, entries; values with them or apart.</summary>
internal abstract class KeysDictReader(IMemory memory, ObjectLayout layout) : DictReader(memory, layout)
{
    public override IEnumerable<DictEntry> Entries(Address dict)
    {
        Address keys = Memory.ReadPointer(dict + Layout.PyDictObject.ma_keys);
        Address values = Memory.ReadPointer(dict + Layout.PyDictObject.ma_values);
        return values.IsNull ? Combined(dict, keys) : Split(dict, keys, values);
    }

    public override IEnumerable<DictEntry>? Probe(Address dict, long hash) =>
        Memory.ReadPointer(dict + Layout.PyDictObject.ma_values).IsNull
            ? Probe(Locate(Memory.ReadPointer(dict + Layout.PyDictObject.ma_keys)), hash)
            : null;

    public override IEnumerable<(long Index, Address Key)> Keys(Address keys)
    {
        KeysTable table = Locate(keys);
        long index = 0;
        foreach (DictEntry entry in Table(table.Entries, table.Count, table.EntrySize, table.KeyOffset))
        {
            if (!entry.Key.IsNull)
                yield return (index, entry.Key);
            index++;
        }
    }

    private protected abstract KeysTable Locate(Address keys);

    private protected abstract IEnumerable<DictEntry> Split(Address dict, Address keys, Address values);

    private protected Address KeyAt(KeysTable table, long index) =>
        index < table.Count
            ? Memory.ReadPointer(table.Entries + (index * table.EntrySize) + table.KeyOffset)
            : throw TargetFault.Nonsense(table.Entries, "value without a key");

    /// <summary>dk_indices has 2^<paramref name="log2Size"/> places; two thirds of them can be in use (USABLE_FRACTION).</summary>
    private protected static void CheckSize(Address keys, int log2Size, long count)
    {
        if (log2Size is < 0 or > 40 || count < 0 || count > ((1L << log2Size) << 1) / 3 + 1)
            throw TargetFault.Nonsense(keys, "dict with a size that can't be");
    }

    private IEnumerable<DictEntry> Probe(KeysTable table, long hash)
    {
        const int Unused = -1; // DKIX_EMPTY; below it DKIX_DUMMY
        foreach (ulong place in Places(hash, (1UL << table.Log2Size) - 1, shiftFirst: true))
        {
            long index = Index(table, place);
            if (index == Unused)
                yield break;
            if (index < 0)
                continue;
            Address key = KeyAt(table, index);
            if (!key.IsNull)
                yield return new DictEntry(key, Memory.ReadPointer(table.Entries + (index * table.EntrySize) + table.KeyOffset + 8));
        }
    }

    private long Index(KeysTable table, ulong place)
    {
        Address at = table.Indices + ((long)place * table.IndexWidth);
        return table.IndexWidth switch
        {
            1 => Memory.Read<sbyte>(at),
            2 => Memory.Read<short>(at),
            4 => Memory.Read<int>(at),
            8 => Memory.Read<long>(at),
            _ => throw TargetFault.Nonsense(at, "dict with indices of no known width"),
        };
    }

    private IEnumerable<DictEntry> Combined(Address dict, Address keys)
    {
        KeysTable table = Locate(keys);
        long left = Count(dict);
        foreach (DictEntry entry in Table(table.Entries, table.Count, table.EntrySize, table.KeyOffset))
        {
            if (left <= 0)
                yield break;
            if (entry.Key.IsNull || entry.Value.IsNull)
                continue;
            left--;
            yield return entry;
        }
    }
}

/// <summary>3.6–3.10 (Objects/dict-common.h): <c>dk_size</c> indices of 1, 2, 4 or 8 bytes, then entries of hash, key and value.</summary>
internal sealed class CompactDictReader(IMemory memory, ObjectLayout layout) : KeysDictReader(memory, layout)
{
    private protected override KeysTable Locate(Address keys)
    {
        long size = Memory.Read<long>(keys + Layout.PyDictKeysObject.dk_size);
        long count = Memory.Read<long>(keys + Layout.PyDictKeysObject.dk_nentries);
        if (size <= 0 || !long.IsPow2(size))
            throw TargetFault.Nonsense(keys, "dict with a size that can't be");
        CheckSize(keys, (int)long.Log2(size), count);
        int width = size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8;
        Address indices = keys + Layout.PyDictKeysObject.dk_indices;
        return new KeysTable(indices, (int)long.Log2(size), indices + (size * width), count, EntrySize: 24, KeyOffset: 8);
    }

    /// <summary>The i-th value belongs to the i-th key; a dict leaves this form before its order can differ.</summary>
    private protected override IEnumerable<DictEntry> Split(Address dict, Address keys, Address values)
    {
        long left = Count(dict);
        foreach ((long index, Address key) in Keys(keys))
        {
            if (left <= 0)
                yield break;
            Address value = Memory.ReadPointer(values + (index * 8));
            if (value.IsNull)
                continue;
            left--;
            yield return new DictEntry(key, value);
        }
    }
}
