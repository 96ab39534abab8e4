using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Dicts, keys and values in each of their forms.</summary>
public static class DictWorld
{
    private const byte General = 0;
    private const byte Unicode = 1;

    /// <summary>A dict whose values lie with its keys.</summary>
    public static Address Combined(PyWorld world, Address type, (Address Key, Address Value)[] entries)
    {
        ObjectLayout layout = world.Layout;
        Address dict = world.InstanceOf(type, new ulong[(layout.dict_size - world.Head) / 8]);
        int used = Array.FindAll(entries, static entry => !entry.Value.IsNull).Length;
        world.Memory.Set(dict, layout.PyDictObject.ma_used, used);
        if (layout.DictForm == DictForm.HashTable)
        {
            int size = Power(entries.Length * 2);
            world.Memory.Set(dict, layout.PyDictObject.ma_mask, size - 1);
            world.Memory.Set(dict, layout.PyDictObject.ma_table, Table(world, entries, size, 24, 8));
            return dict;
        }

        world.Memory.Set(dict, layout.PyDictObject.ma_keys, Keys(world, entries, general: true));
        return dict;
    }

    /// <summary>A dict that shares its keys: values apart, in the given order of indices into the keys.</summary>
    public static Address Split(PyWorld world, Address keys, Address?[] values, params byte[] order)
    {
        ObjectLayout layout = world.Layout;
        Address dict = world.InstanceOf(world.Type("dict"), new ulong[(layout.dict_size - world.Head) / 8]);
        world.Memory.Set(dict, layout.PyDictObject.ma_used, Array.FindAll(values, static value => value is not null).Length);
        world.Memory.Set(dict, layout.PyDictObject.ma_keys, keys);
        world.Memory.Set(dict, layout.PyDictObject.ma_values, Values(world, values, order));
        return dict;
    }

    public static Address Values(PyWorld world, Address?[] values, params byte[] order)
    {
        Address place = world.Memory.Allocate(64 + (values.Length * 9)) + 48;
        WriteValues(world, place, values, order);
        return place;
    }

    /// <summary>Writes values, and the order in which they were set, at an address with room around it.</summary>
    public static void WriteValues(PyWorld world, Address place, Address?[] values, byte[] order)
    {
        bool counted = world.Layout.DictValuesForm == DictValuesForm.Counted;
        int first = counted ? 8 : 0;
        for (int i = 0; i < values.Length; i++)
            world.Memory.Set(place, first + (i * 8), values[i] ?? Address.Null);
        if (counted)
        {
            world.Memory.SetBytes(place, 0, [(byte)values.Length, (byte)order.Length, 0, 1]);
            world.Memory.SetBytes(place, first + (values.Length * 8), order);
        }
        else if (world.Layout.DictValuesForm == DictValuesForm.Prefixed)
        {
            world.Memory.Set8(place - 1, 0, (byte)(order.Length + 2)).Set8(place - 2, 0, (byte)order.Length);
            for (int i = 0; i < order.Length; i++)
                world.Memory.Set8(place - 3 - i, 0, order[i]);
        }
    }

    /// <summary>A keys object with room for more.</summary>
    /// <param name="general">With hashes, as needed where a key is no str (3.11+); before, all are so.</param>
    public static Address Keys(PyWorld world, (Address Key, Address Value)[] entries, bool general)
    {
        PyDictKeysFields f = world.Layout.PyDictKeysObject;
        int size = Power(entries.Length * 2);
        bool kinds = world.Layout.DictForm == DictForm.CompactByKind;
        bool hashes = general || !kinds;
        int entrySize = hashes ? 24 : 16;
        Address keys = world.Memory.Allocate(f.dk_indices + size + (entries.Length * entrySize));
        world.Memory.Set(keys, f.dk_nentries, entries.Length);
        if (kinds)
            world.Memory.SetBytes(keys, f.dk_log2_size, [(byte)int.Log2(size), (byte)int.Log2(size), general ? General : Unicode]);
        else
            world.Memory.Set(keys, f.dk_size, size);
        for (int i = 0; i < entries.Length; i++)
        {
            int at = f.dk_indices + size + (i * entrySize) + (hashes ? 8 : 0);
            world.Memory.Set(keys, at, entries[i].Key).Set(keys, at + 8, entries[i].Value);
        }

        return keys;
    }

    public static Address Names(PyWorld world, params string[] names) =>
        Keys(world, Array.ConvertAll(names, name => (world.Str(name), Address.Null)), general: false);

    private static Address Table(PyWorld world, (Address Key, Address Value)[] entries, int size, int entrySize, int key)
    {
        Address table = world.Memory.Allocate(size * entrySize);
        for (int i = 0; i < entries.Length; i++)
        {
            // Every second place stays empty, as hashing would leave some.
            int at = (i * 2 * entrySize) + key;
            world.Memory.Set(table, at, entries[i].Key).Set(table, at + 8, entries[i].Value);
        }

        return table;
    }

    private static int Power(int size) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, size));
}
