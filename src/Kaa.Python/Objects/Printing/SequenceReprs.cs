using System.Buffers.Binary;
using System.Globalization;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>Things in a row.</summary>
internal static class SequenceReprs
{
    public static void Tuple(Repr repr, Address instance, PyType type)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write("(...)");
            return;
        }

        repr.Out.Write('(');
        int count = repr.Items(repr.Objects.Tuple(instance, long.MaxValue));
        repr.Out.Write(count == 1 ? ",)" : ")");
        repr.Leave();
    }

    public static void List(Repr repr, Address instance, PyType type) =>
        Bracketed(repr, instance, repr.Objects.List(instance, long.MaxValue));

    public static void Deque(Repr repr, Address instance, PyType type)
    {
        DequeFields f = repr.Objects.Layout.dequeobject;
        long maxlen = repr.Objects.Memory.Read<long>(instance + f.maxlen);
        if (!repr.Enter(instance))
        {
            repr.Out.Write("[...]");
            return;
        }

        repr.Out.Write("deque([");
        repr.Items(DequeItems(repr.Objects, instance));
        repr.Out.Write(']');
        if (maxlen >= 0)
            repr.Out.Write(", maxlen=" + maxlen.ToString(CultureInfo.InvariantCulture));
        repr.Out.Write(')');
        repr.Leave();
    }

    /// <summary>3.x: start, stop, step are objects; a step of 1 is left out.</summary>
    public static void Range(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        repr.Out.Write("range(");
        repr.Value(objects.Word(instance, 0));
        repr.Out.Write(", ");
        repr.Value(objects.Word(instance, 1));
        Address step = objects.Word(instance, 2);
        if (objects.ReadInt(step) != 1)
        {
            repr.Out.Write(", ");
            repr.Value(step);
        }

        repr.Out.Write(')');
    }

    /// <summary>2.7: start, step, len as C longs (range_repr, Objects/rangeobject.c).</summary>
    public static void XRange(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        long start = objects.Number(instance, 0);
        long step = objects.Number(instance, 1);
        long length = objects.Number(instance, 2);
        string stop = unchecked(start + (length * step)).ToString(CultureInfo.InvariantCulture);
        string first = start.ToString(CultureInfo.InvariantCulture);
        if (start == 0 && step == 1)
            repr.Out.Write($"xrange({stop})");
        else if (step == 1)
            repr.Out.Write($"xrange({first}, {stop})");
        else
            repr.Out.Write($"xrange({first}, {stop}, {step.ToString(CultureInfo.InvariantCulture)})");
    }

    public static void Slice(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("slice(");
        repr.Items([repr.Objects.Word(instance, 0), repr.Objects.Word(instance, 1), repr.Objects.Word(instance, 2)]);
        repr.Out.Write(')');
    }

    /// <summary>array_repr, Modules/arraymodule.c: numbers as in a list, characters as text.</summary>
    public static void Array(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        long count = objects.Size(instance);
        Address items = objects.PointerAt(instance, objects.Layout.ob_size + 8);
        Address description = objects.PointerAt(instance, objects.Layout.ob_size + 24);
        char code = (char)objects.Memory.Read<byte>(description);
        repr.Out.Write("array('");
        repr.Out.Write(code);
        repr.Out.Write('\'');
        if (count > 0)
        {
            repr.Out.Write(", ");
            ArrayItems(repr, code, items, count, objects.Memory.Read<int>(description + 4));
        }

        repr.Out.Write(')');
    }

    /// <summary>Items between brackets, <c>[...]</c> where the list is being printed already.</summary>
    public static void Bracketed(Repr repr, Address instance, IEnumerable<Address> items)
    {
        if (!repr.Enter(instance))
        {
            repr.Out.Write("[...]");
            return;
        }

        repr.Out.Write('[');
        repr.Items(items);
        repr.Out.Write(']');
        repr.Leave();
    }

    /// <summary>From leftindex of leftblock on, through the blocks' right links.</summary>
    private static IEnumerable<Address> DequeItems(PyObjects objects, Address deque)
    {
        DequeFields f = objects.Layout.dequeobject;
        long left = objects.Memory.Read<long>(deque + f.len);
        long index = objects.Memory.Read<long>(deque + f.leftindex);
        Address block = objects.PointerAt(deque, f.leftblock);
        if (left < 0 || index < 0 || index >= f.BLOCKLEN)
            throw TargetFault.Nonsense(deque, "deque of a size that can't be");
        while (left > 0)
        {
            long run = Math.Min(left, f.BLOCKLEN - index);
            foreach (Address item in objects.Pointers(block + f.data + (index * 8), run))
                yield return item;
            left -= run;
            index = 0;
            if (left > 0)
                block = objects.PointerAt(block, f.rightlink);
        }
    }

    private static void ArrayItems(Repr repr, char code, Address items, long count, int itemSize)
    {
        if (code is 'u' or 'w')
        {
            Text(repr, new TextData(items, count, UnitSize: 4));
            return;
        }

        if (code == 'c')
        {
            TextReprs.Quoted(repr, new TextData(items, count, UnitSize: 1), CharacterStyle.AsciiOnly);
            return;
        }

        if (itemSize is not (1 or 2 or 4 or 8))
            throw TargetFault.Nonsense(items, "array of items of no known size");
        repr.Out.Write('[');
        byte[] buffer = new byte[itemSize];
        for (long i = 0; i < count && !repr.Out.Full; i++)
        {
            repr.Objects.Memory.ReadExactly(items + (i * itemSize), buffer);
            repr.Out.Write(i > 0 ? ", " : "");
            repr.Out.Write(ArrayItem(repr, code, buffer));
        }

        repr.Out.Write(']');
    }

    private static void Text(Repr repr, TextData text)
    {
        if (repr.IsPython2)
            repr.Out.Write('u');
        TextReprs.Quoted(repr, text, repr.IsPython2 ? CharacterStyle.AsciiOnly : new CharacterStyle(repr.Objects.Layout.Version));
    }

    /// <summary>In 2.7 unsigned int and longs are Python longs.</summary>
    private static string ArrayItem(Repr repr, char code, ReadOnlySpan<byte> bytes)
    {
        if (code == 'f')
            return FloatText.Format(BinaryPrimitives.ReadSingleLittleEndian(bytes), addDotZero: true);
        if (code == 'd')
            return FloatText.Format(BinaryPrimitives.ReadDoubleLittleEndian(bytes), addDotZero: true);
        string suffix = repr.IsPython2 && code is ('I' or 'L') ? "L" : "";
        return (bytes.Length, char.IsLower(code)) switch
        {
            (1, true) => ((sbyte)bytes[0]).ToString(CultureInfo.InvariantCulture),
            (1, _) => bytes[0].ToString(CultureInfo.InvariantCulture),
            (2, true) => BinaryPrimitives.ReadInt16LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            (2, _) => BinaryPrimitives.ReadUInt16LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            (4, true) => BinaryPrimitives.ReadInt32LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            (4, _) => BinaryPrimitives.ReadUInt32LittleEndian(bytes).ToString(CultureInfo.InvariantCulture) + suffix,
            (_, true) => BinaryPrimitives.ReadInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture) + suffix,
        };
    }
}
