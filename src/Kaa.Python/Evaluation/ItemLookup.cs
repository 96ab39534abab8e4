using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

/// <summary>Items, slices and lengths of the built-in containers and texts, and of what is derived from them without changing it.</summary>
internal sealed class ItemLookup(PyObjects objects, AttributeLookup attributes)
{
    /// <exception cref="UserError">no-item, no-container, would-run-code.</exception>
    public PyValue Item(PyValue owner, PyValue index)
    {
        if (owner is ObjectValue container && objects.Is(container.Object, TypeFlags.DictSubclass))
        {
            CheckOwn(container.Object, "__getitem__");
            return new ObjectValue(Value(container.Object, index));
        }

        long at = Position(index);
        switch (Sequence(owner))
        {
            case ItemsValue items:
                return new ObjectValue(items.Items[Within(at, items.Items.Count)]);
            case TextValue text:
                long place = Within64(at, text.Text.Length);
                TextData one = Part(text.Text, place, place + 1);
                return text.Form is TextForm.Bytes or TextForm.ByteArray ? new IntegerValue(objects.Memory.Read<byte>(one.Data)) : text with { Text = one };
            default:
                throw NoContainer(owner);
        }
    }

    /// <exception cref="UserError">no-container, would-run-code.</exception>
    public PyValue Slice(PyValue owner, PyValue? start, PyValue? stop, PyValue? step)
    {
        long stride = step is null ? 1 : Position(step);
        if (stride == 0)
            throw new UserError("no-item", "the step of a slice can't be 0");
        switch (Sequence(owner))
        {
            case ItemsValue items:
                return items with { Items = Chosen(items.Items, Bounds(items.Items.Count, start, stop, stride), stride) };
            case TextValue text when stride == 1:
                (long first, long end) = Bounds(text.Text.Length, start, stop, 1);
                return text with { Text = Part(text.Text, first, Math.Max(first, end)) };
            case TextValue:
                throw new UserError("no-item", "of a text only whole stretches can be shown", "leave the step out");
            default:
                throw NoContainer(owner);
        }
    }

    /// <exception cref="UserError">no-container, would-run-code.</exception>
    public BigInteger Length(PyValue value)
    {
        if (value is ObjectValue container)
        {
            PyType type = objects.TypeOf(container.Object);
            CheckOwn(container.Object, "__len__");
            if (type.Has(TypeFlags.DictSubclass))
                return objects.DictCount(container.Object);
            if (objects.IsInstance(container.Object, "set") || objects.IsInstance(container.Object, "frozenset"))
                return objects.Number(container.Object, 1); // PySetObject: fill, used
            if (type.Has(TypeFlags.ListSubclass) || type.Has(TypeFlags.TupleSubclass) || objects.IsInstance(container.Object, "collections.deque"))
                return objects.Size(container.Object);
        }

        return Sequence(value) switch
        {
            ItemsValue items => items.Items.Count,
            TextValue text => text.Text.Length,
            _ => throw NoContainer(value),
        };
    }

    private Address Value(Address dict, PyValue key)
    {
        foreach (DictEntry entry in Candidates(dict, key))
        {
            if (IsKey(entry.Key, key))
                return entry.Value;
        }

        throw new UserError("no-item", $"the dict at {dict} has no such key", $"it has {objects.DictCount(dict)} keys");
    }

    private IEnumerable<DictEntry> Candidates(Address dict, PyValue key) =>
        key is TypedText { Text: var text } && System.Text.Ascii.IsValid(text)
            ? objects.Lookup(dict, text) is { IsNull: false } found ? [new DictEntry(Address.Null, found)] : []
            : objects.Dict(dict);

    private bool IsKey(Address key, PyValue wanted) => wanted switch
    {
        _ when key.IsNull => true,
        TypedText text => objects.TryReadString(key, text.Text.Length + 1) == text.Text,
        IntegerValue number => IsInt(key) && objects.ReadInt(key) == number.Number,
        ObjectValue other => key == other.Object || IsEqual(key, other.Object),
        _ => false,
    };

    /// <summary>By content where both are texts or ints; everything else only where it is the same object.</summary>
    private bool IsEqual(Address key, Address other)
    {
        if (IsInt(key) && IsInt(other))
            return objects.ReadInt(key) is { } number && number == objects.ReadInt(other);
        return IsText(key) && IsText(other)
            && objects.TryReadString(key, Limits.SliceItems) is { } text && text == objects.TryReadString(other, Limits.SliceItems);
    }

    private bool IsInt(Address value) =>
        objects.Is(value, TypeFlags.LongSubclass) || objects.Layout.Version.Major == 2 && objects.Is(value, TypeFlags.IntSubclass);

    private bool IsText(Address value) =>
        objects.Is(value, TypeFlags.UnicodeSubclass) || objects.Layout.Version.Major == 2 && objects.Is(value, TypeFlags.BytesSubclass);

    /// <summary>Null where it is none.</summary>
    private PyValue? Sequence(PyValue value)
    {
        if (value is not ObjectValue { Object: var address })
            return value is ItemsValue or TextValue ? value : null;
        PyType type = objects.TypeOf(address);
        CheckOwn(address, "__getitem__");
        if (type.Has(TypeFlags.ListSubclass))
            return new ItemsValue([.. objects.List(address, Limits.SliceItems)], IsTuple: false);
        if (type.Has(TypeFlags.TupleSubclass))
            return new ItemsValue([.. objects.Tuple(address, Limits.SliceItems)], IsTuple: true);
        return Text(address, type);
    }

    private TextValue? Text(Address address, PyType type)
    {
        bool isPython2 = objects.Layout.Version.Major == 2;
        if (type.Has(TypeFlags.UnicodeSubclass))
            return new TextValue(objects.Text(address), isPython2 ? TextForm.Unicode2 : TextForm.Str);
        if (type.Has(TypeFlags.BytesSubclass))
            return new TextValue(new TextData(address + objects.Layout.ob_sval, objects.Size(address), UnitSize: 1), isPython2 ? TextForm.Str2 : TextForm.Bytes);
        return objects.IsInstance(address, "bytearray")
            ? new TextValue(
                new TextData(objects.PointerAt(address, objects.Layout.PyByteArrayObject.ob_start), objects.Size(address), UnitSize: 1), TextForm.ByteArray)
            : null;
    }

    private void CheckOwn(Address container, string method)
    {
        if (attributes.Overriding(objects.TypeOf(container), method) is { } type)
        {
            throw new UserError(
                "would-run-code", $"{objects.TypeName(type)} has its own {method}, which would have to run",
                "Kaa reads memory and runs nothing; ask for an attribute that holds the items");
        }
    }

    private static List<Address> Chosen(IReadOnlyList<Address> items, (long First, long End) bounds, long stride)
    {
        var chosen = new List<Address>();
        for (long i = bounds.First; stride > 0 ? i < bounds.End : i > bounds.End; i += stride)
            chosen.Add(items[(int)i]);
        return chosen;
    }

    /// <summary>PySlice_AdjustIndices, Objects/sliceobject.c.</summary>
    private (long First, long End) Bounds(long length, PyValue? start, PyValue? stop, long stride)
    {
        long lowest = stride < 0 ? -1 : 0;
        long highest = stride < 0 ? length - 1 : length;
        long Adjusted(PyValue? given, long otherwise)
        {
            if (given is null)
                return otherwise;
            long at = Position(given);
            return Math.Clamp(at < 0 ? at + length : at, lowest, highest);
        }

        return (Adjusted(start, stride < 0 ? highest : lowest), Adjusted(stop, stride < 0 ? lowest : highest));
    }

    private long Position(PyValue index)
    {
        BigInteger? number = index switch
        {
            IntegerValue typed => typed.Number,
            ObjectValue { Object: var address } when IsInt(address) => objects.ReadInt(address),
            _ => null,
        };
        const long Far = 1L << 48;
        return number is { } known
            ? (long)BigInteger.Max(-Far, BigInteger.Min(Far, known))
            : throw new UserError("no-item", "only a number can be the index here");
    }

    private static TextData Part(TextData text, long first, long end) =>
        text with { Data = text.Data + (first * text.UnitSize), Length = end - first };

    private static int Within(long at, int count) => (int)Within64(at, count);

    private static long Within64(long at, long count)
    {
        long place = at < 0 ? at + count : at;
        return place >= 0 && place < count ? place : throw new UserError("no-item", $"index {at} is out of range", $"there are {count} items");
    }

    private UserError NoContainer(PyValue value) => new(
        "no-container",
        value is ObjectValue known
            ? $"items of the {objects.TypeName(objects.TypeOf(known.Object))} at {known.Object} can't be read"
            : "a number has no items",
        "dicts, lists, tuples, texts and bytes can be indexed");
}
