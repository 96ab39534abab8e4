using System.Buffers.Binary;
using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Text in each of its forms.</summary>
public static class TextWorld
{
    /// <summary>The form that the interpreter itself would choose: ASCII, Latin-1, two or four bytes a character.</summary>
    public static Address Compact(PyWorld world, string text)
    {
        int[] points = CodePoints(text);
        int largest = 0;
        foreach (int point in points)
            largest = Math.Max(largest, point);
        int unit = largest < 0x100 ? 1 : largest < 0x10000 ? 2 : 4;
        bool ascii = largest < 0x80;
        PyUnicodeFields f = world.Layout.PyUnicodeObject;
        int start = ascii ? f.ascii_size : f.compact_size;
        Address instance = world.InstanceOf(world.Type("str"), new ulong[((start + (points.Length * unit)) / 8) + 2]);
        SetState(world, instance, points.Length, unit, compact: true, ascii);
        return Write(world, instance, start, points, unit);
    }

    /// <summary>Not compact: the characters lie elsewhere, as those of subclasses of str do.</summary>
    public static Address Legacy(PyWorld world, string text, int unit)
    {
        int[] points = CodePoints(text);
        PyUnicodeFields f = world.Layout.PyUnicodeObject;
        Address data = world.Memory.Allocate((points.Length + 1) * unit);
        Write(world, data, 0, points, unit);
        Address instance = world.InstanceOf(world.Type("str"), new ulong[12]);
        SetState(world, instance, points.Length, unit, compact: false, ascii: false);
        world.Memory.Set(instance, f.data, data);
        return instance;
    }

    /// <summary>Up to 3.11: made of wchar_t and not made ready yet.</summary>
    public static Address NotReady(PyWorld world, string text)
    {
        int[] points = CodePoints(text);
        PyUnicodeFields f = world.Layout.PyUnicodeObject;
        Address data = world.Memory.Allocate((points.Length + 1) * 4);
        Write(world, data, 0, points, 4);
        Address instance = world.InstanceOf(world.Type("str"), new ulong[12]);
        world.Memory.Set(instance, f.wstr, data);
        world.Memory.Set(instance, f.wstr_length, points.Length);
        return instance;
    }

    /// <summary>2.7's unicode; with two bytes a unit in UTF-16.</summary>
    public static Address Unicode2(PyWorld world, string text)
    {
        PyUnicodeFields f = world.Layout.PyUnicodeObject;
        int unit = f.Py_UNICODE_SIZE;
        int[] points = unit == 4 ? CodePoints(text) : Array.ConvertAll(text.ToCharArray(), static c => (int)c);
        Address data = world.Memory.Allocate((points.Length + 1) * unit);
        Write(world, data, 0, points, unit);
        Address instance = world.InstanceOf(world.Type("unicode"), new ulong[4]);
        world.Memory.Set(instance, f.length, points.Length);
        world.Memory.Set(instance, f.data, data);
        return instance;
    }

    private static void SetState(PyWorld world, Address instance, long length, int unit, bool compact, bool ascii)
    {
        PyUnicodeFields f = world.Layout.PyUnicodeObject;
        int state = (unit | (compact ? 8 : 0) | (ascii ? 16 : 0) | 32) << f.kind_shift;
        world.Memory.Set(instance, f.length, length).Set32(instance, f.state, state);
    }

    private static Address Write(PyWorld world, Address address, int offset, int[] points, int unit)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (int i = 0; i < points.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, points[i]);
            world.Memory.SetBytes(address, offset + (i * unit), bytes[..unit]);
        }

        return address;
    }

    /// <summary>Lone surrogates stay what they are.</summary>
    private static int[] CodePoints(string text)
    {
        List<int> points = [];
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            points.Add(pair ? char.ConvertToUtf32(text[i], text[++i]) : text[i]);
        }

        return [.. points];
    }
}
