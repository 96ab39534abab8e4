using System.Globalization;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>datetime's types (Include/datetime.h, Modules/_datetimemodule.c).</summary>
internal static class TimeReprs
{
    /// <summary>Offsets behind the object's head: a hash, then these.</summary>
    private const int HasZone = 8;
    private const int Data = 9;
    private const int TimeFold = 15;
    private const int TimeZone = 16;
    private const int DateTimeFold = 19;
    private const int DateTimeZone = 24;

    public static void Date(Repr repr, Address instance, PyType type)
    {
        Span<byte> data = stackalloc byte[4];
        Read(repr, instance, Data, data);
        repr.Out.Write($"datetime.date({Join(Year(data), data[2], data[3])})");
    }

    public static void Time(Repr repr, Address instance, PyType type)
    {
        Span<byte> data = stackalloc byte[6];
        Read(repr, instance, Data, data);
        repr.Out.Write($"datetime.time({Clock([], data)}");
        WriteZone(repr, instance, TimeZone);
        WriteFold(repr, instance, TimeFold);
        repr.Out.Write(')');
    }

    public static void DateTime(Repr repr, Address instance, PyType type)
    {
        Span<byte> data = stackalloc byte[10];
        Read(repr, instance, Data, data);
        repr.Out.Write($"datetime.datetime({Clock([Year(data), data[2], data[3]], data[4..])}");
        WriteFold(repr, instance, DateTimeFold);
        WriteZone(repr, instance, DateTimeZone);
        repr.Out.Write(')');
    }

    /// <summary>By keyword from 3.7 on.</summary>
    public static void Delta(Repr repr, Address instance, PyType type)
    {
        (int days, int seconds, int microseconds) = ReadDelta(repr, instance);
        repr.Out.Write("datetime.timedelta(");
        if (!repr.AtLeast(3, 7))
        {
            repr.Out.Write(microseconds != 0 ? Join(days, seconds, microseconds) : seconds != 0 ? Join(days, seconds) : Join(days));
            repr.Out.Write(')');
            return;
        }

        List<string> parts = [];
        if (days != 0)
            parts.Add("days=" + Join(days));
        if (seconds != 0)
            parts.Add("seconds=" + Join(seconds));
        if (microseconds != 0)
            parts.Add("microseconds=" + Join(microseconds));
        repr.Out.Write(parts.Count == 0 ? "0" : string.Join(", ", parts));
        repr.Out.Write(')');
    }

    /// <summary>An offset, perhaps a name. Only UTC itself has an offset of 0 and no name.</summary>
    public static void Zone(Repr repr, Address instance, PyType type)
    {
        Address offset = repr.Objects.Word(instance, 0);
        Address name = repr.Objects.Word(instance, 1);
        if (name.IsNull && ReadDelta(repr, offset) == (0, 0, 0))
        {
            repr.Out.Write("datetime.timezone.utc");
            return;
        }

        repr.Out.Write("datetime.timezone(");
        repr.Items(name.IsNull ? [offset] : [offset, name]);
        repr.Out.Write(')');
    }

    private static (int Days, int Seconds, int Microseconds) ReadDelta(Repr repr, Address delta)
    {
        Span<byte> bytes = stackalloc byte[12];
        Read(repr, delta, 8, bytes);
        ReadOnlySpan<byte> data = bytes;
        return (data.Int32At(0), data.Int32At(4), data.Int32At(8));
    }

    private static void Read(Repr repr, Address instance, int offset, Span<byte> data) =>
        repr.Objects.Memory.ReadExactly(instance + (repr.Objects.Layout.PyObject.size + offset), data);

    private static int Year(ReadOnlySpan<byte> data) => (data[0] << 8) | data[1];

    /// <summary>Hour and minute always, second and microsecond only where they, or what follows, are not 0.</summary>
    private static string Clock(ReadOnlySpan<int> date, ReadOnlySpan<byte> data)
    {
        int microsecond = (data[3] << 16) | (data[4] << 8) | data[5];
        List<int> parts = [.. date, data[0], data[1]];
        if (data[2] != 0 || microsecond != 0)
            parts.Add(data[2]);
        if (microsecond != 0)
            parts.Add(microsecond);
        return Join([.. parts]);
    }

    private static void WriteFold(Repr repr, Address instance, int offset)
    {
        // PEP 495, 3.6; before, the byte is padding.
        if (!repr.IsPython2 && repr.Objects.Memory.Read<byte>(instance + (repr.Objects.Layout.PyObject.size + offset)) != 0)
            repr.Out.Write(", fold=1");
    }

    private static void WriteZone(Repr repr, Address instance, int offset)
    {
        int head = repr.Objects.Layout.PyObject.size;
        if (repr.Objects.Memory.Read<byte>(instance + (head + HasZone)) == 0)
            return;
        Address zone = repr.Objects.PointerAt(instance, head + offset);
        if (repr.Objects.TypeOf(zone).Name == "NoneType")
            return;
        repr.Out.Write(", tzinfo=");
        repr.Value(zone);
    }

    private static string Join(params ReadOnlySpan<int> numbers)
    {
        var text = new System.Text.StringBuilder();
        foreach (int number in numbers)
            text.Append(text.Length > 0 ? ", " : "").Append(number.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }
}
