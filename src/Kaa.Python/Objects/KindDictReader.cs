using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>
/// 3.11 and later (Include/internal/pycore_dict.h): 2^dk_log2_index_bytes bytes of indices, then entries of hash, key and value where
/// <c>dk_kind</c> is general, of key and value where all keys are str.
/// </summary>
internal sealed class KindDictReader(IMemory memory, ObjectLayout layout) : KeysDictReader(memory, layout)
{
    private const byte KindGeneral = 0;
    private const byte KindSplit = 2;

    /// <summary>SHARED_KEYS_MAX_SIZE.</summary>
    private const int MaxSharedKeys = 30;

    /// <summary>Values that lie apart from their keys: a split dict's, or an object's own.</summary>
    public IEnumerable<DictEntry> Values(Address keys, Address values)
    {
        KeysTable table = Locate(keys);
        byte[] order = Order(values);
        foreach (byte index in order)
        {
            Address value = Memory.ReadPointer(values + ValuesOffset + (index * 8));
            if (!value.IsNull)
                yield return new DictEntry(KeyAt(table, index), value);
        }
    }

    private int ValuesOffset => Layout.DictValuesForm == DictValuesForm.Counted ? 8 : 0;

    private protected override KeysTable Locate(Address keys)
    {
        PyDictKeysFields f = Layout.PyDictKeysObject;
        Span<byte> bytes = stackalloc byte[32];
        Memory.ReadExactly(keys, bytes[..f.dk_indices]);
        ReadOnlySpan<byte> head = bytes;
        int log2Size = head[f.dk_log2_size];
        int log2IndexBytes = head[f.dk_log2_index_bytes];
        byte kind = head[f.dk_kind];
        long count = head.Int64At(f.dk_nentries);
        CheckSize(keys, log2Size, count);
        if (kind > KindSplit || log2IndexBytes < log2Size || log2IndexBytes > log2Size + 3)
            throw TargetFault.Nonsense(keys, "dict of no known kind");
        Address indices = keys + f.dk_indices;
        Address entries = indices + (1L << log2IndexBytes);
        return kind == KindGeneral
            ? new KeysTable(indices, log2Size, entries, count, EntrySize: 24, KeyOffset: 8)
            : new KeysTable(indices, log2Size, entries, count, EntrySize: 16, KeyOffset: 0);
    }

    private protected override IEnumerable<DictEntry> Split(Address dict, Address keys, Address values) => Values(keys, values);

    private byte[] Order(Address values) =>
        Layout.DictValuesForm == DictValuesForm.Counted ? OrderBehind(values) : OrderInFront(values);

    private byte[] OrderInFront(Address values)
    {
        Span<byte> prefix = stackalloc byte[2];
        Memory.ReadExactly(values - 2, prefix);
        byte[] order = new byte[prefix[0]];
        Memory.ReadExactly(values - 2 - order.Length, order);
        Array.Reverse(order);
        return Checked(values, order);
    }

    private byte[] OrderBehind(Address values)
    {
        Span<byte> head = stackalloc byte[2];
        Memory.ReadExactly(values, head);
        if (head[1] > head[0])
            throw TargetFault.Nonsense(values, "more values than places");
        byte[] order = new byte[head[1]];
        Memory.ReadExactly(values + ValuesOffset + (head[0] * 8), order);
        return Checked(values, order);
    }

    private static byte[] Checked(Address values, byte[] order)
    {
        foreach (byte index in order)
        {
            if (index >= MaxSharedKeys || order.Length > MaxSharedKeys)
                throw TargetFault.Nonsense(values, "values in an order that can't be");
        }

        return order;
    }
}
