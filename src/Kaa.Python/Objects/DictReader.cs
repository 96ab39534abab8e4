using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

public readonly record struct DictEntry(Address Key, Address Value);

/// <summary>
/// Entries of a dict in the order in which Python iterates over them. Reading stops where <see cref="Limits.DictEntries"/> places of
/// the table were looked at; a table that can't be is a fault.
/// </summary>
internal abstract class DictReader(IMemory memory, ObjectLayout layout)
{
    /// <summary>Entries that are read at a time.</summary>
    private protected const int Batch = 128;

    private protected IMemory Memory { get; } = memory;

    private protected ObjectLayout Layout { get; } = layout;

    public static DictReader For(IMemory memory, ObjectLayout layout) => layout.DictForm switch
    {
        DictForm.HashTable => new HashTableDictReader(memory, layout),
        DictForm.Compact => new CompactDictReader(memory, layout),
        _ => new KindDictReader(memory, layout),
    };

    /// <summary><c>len()</c>.</summary>
    public long Count(Address dict)
    {
        long used = Memory.Read<long>(dict + Layout.PyDictObject.ma_used);
        return used >= 0 ? used : throw TargetFault.Nonsense(dict, "dict of negative length");
    }

    public abstract IEnumerable<DictEntry> Entries(Address dict);

    /// <summary>
    /// Entries whose key may have that hash, in the order in which the interpreter would look at them; null where the dict's keys are shared
    /// with others, which are few.
    /// </summary>
    public abstract IEnumerable<DictEntry>? Probe(Address dict, long hash);

    /// <summary>Keys of a keys object, and where each one's entry lies; unset keys are skipped.</summary>
    public abstract IEnumerable<(long Index, Address Key)> Keys(Address keys);

    /// <summary>A run of entries, each of <paramref name="entrySize"/> bytes with key and value at the given offsets.</summary>
    private protected IEnumerable<DictEntry> Table(Address entries, long count, int entrySize, int keyOffset)
    {
        byte[] buffer = new byte[(int)Math.Min(Batch, count) * entrySize];
        for (long done = 0; done < count; done += Batch)
        {
            int batch = (int)Math.Min(Batch, count - done);
            if (done >= Limits.DictEntries)
                throw TargetFault.Nonsense(entries, "dict with too many entries to look at");
            Memory.ReadExactly(entries + (done * entrySize), buffer.AsSpan(0, batch * entrySize));
            for (int i = 0; i < batch; i++)
                yield return Entry(buffer, (i * entrySize) + keyOffset);
        }
    }

    /// <summary>Places of a table in the order of the search for a hash (lookdict, Objects/dictobject.c), each once at least.</summary>
    /// <param name="shiftFirst">Since 3.6 the hash is shifted before it perturbs the next place.</param>
    private protected static IEnumerable<ulong> Places(long hash, ulong mask, bool shiftFirst)
    {
        const int PerturbShift = 5;
        ulong perturb = unchecked((ulong)hash);
        ulong place = perturb;

        // The hash is used up after 13 steps; then 5 i + 1 goes through all of them.
        for (ulong step = 0; step <= Math.Min(mask, Limits.DictEntries) + 14; step++)
        {
            yield return place & mask;
            if (shiftFirst)
                perturb >>= PerturbShift;
            place = unchecked((place * 5) + perturb + 1);
            if (!shiftFirst)
                perturb >>= PerturbShift;
        }
    }

    private static DictEntry Entry(ReadOnlySpan<byte> bytes, int at) => new(bytes.AddressAt(at), bytes.AddressAt(at + 8));
}

/// <summary>2.7: <c>ma_table</c> of <c>ma_mask</c> + 1 entries (hash, key, value); unset ones have no value.</summary>
internal sealed class HashTableDictReader(IMemory memory, ObjectLayout layout) : DictReader(memory, layout)
{
    public override IEnumerable<DictEntry> Entries(Address dict)
    {
        long mask = Memory.Read<long>(dict + Layout.PyDictObject.ma_mask);
        Address table = Memory.ReadPointer(dict + Layout.PyDictObject.ma_table);
        if (mask < 0 || mask > 1L << 40 || (mask & (mask + 1)) != 0)
            throw TargetFault.Nonsense(dict, "dict with a mask that is none");
        long left = Count(dict);
        long place = 0;
        foreach (DictEntry entry in Table(table, mask + 1, entrySize: 24, keyOffset: 8))
        {
            // What has been read is looked at to its end: a dict that is in use may have got another one since it was counted.
            if (left <= 0 && place % Batch == 0)
                yield break;
            place++;
            if (entry.Key.IsNull || entry.Value.IsNull)
                continue;
            left--;
            yield return entry;
        }
    }

    public override IEnumerable<DictEntry> Probe(Address dict, long hash)
    {
        const int EntrySize = 24;
        ulong mask = Memory.Read<ulong>(dict + Layout.PyDictObject.ma_mask);
        Address table = Memory.ReadPointer(dict + Layout.PyDictObject.ma_table);
        foreach (ulong place in Places(hash, mask, shiftFirst: false))
        {
            Address at = table + ((long)place * EntrySize);
            Address key = Memory.ReadPointer(at + 8);
            if (key.IsNull)
                yield break;
            if (Memory.Read<long>(at) == hash)
                yield return new DictEntry(key, Memory.ReadPointer(at + 16));
        }
    }

    public override IEnumerable<(long Index, Address Key)> Keys(Address keys) => [];
}
