using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>decimal.Decimal: C's (Modules/_decimal/libmpdec/mpdecimal.h) and, in 2.7, Python's.</summary>
internal static class DecimalReprs
{
    /// <summary>mpd_t behind head and hash: flags, exp, digits, len, alloc, data.</summary>
    private const int Flags = 8;
    private const int Exponent = 16;
    private const int Length = 32;
    private const int Data = 48;

    /// <summary>MPD_NEG, MPD_INF, MPD_NAN, MPD_SNAN.</summary>
    private const byte Negative = 1;
    private const byte Infinite = 2;
    private const byte QuietNaN = 4;
    private const byte SignalingNaN = 8;

    /// <summary>Beyond MPD_MAX_EMAX, and below the least exponent of a subnormal number (MPD_MIN_ETINY).</summary>
    private const long MaxExponent = 2_000_000_000_000_000_000;

    /// <summary>MPD_RDIGITS: decimal digits of one word.</summary>
    private const int WordDigits = 19;

    public static void Decimal(Repr repr, Address instance, PyType type)
    {
        IMemory memory = repr.Objects.Memory;
        Address fields = instance + repr.Objects.Layout.PyObject.size;
        byte flags = memory.Read<byte>(fields + Flags);
        string sign = (flags & Negative) != 0 ? "-" : "";
        string text = (flags & (Infinite | QuietNaN | SignalingNaN)) switch
        {
            0 => Finite(instance, Coefficient(memory, fields), memory.Read<long>(fields + Exponent)),
            Infinite => "Infinity",
            QuietNaN => "NaN" + Payload(memory, fields),
            _ => "sNaN" + Payload(memory, fields),
        };
        repr.Out.Write($"Decimal('{sign}{text}')");
    }

    /// <summary>2.7: slots _sign, _int, _exp, _is_special (Lib/decimal.py).</summary>
    public static void PythonDecimal(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        string sign = objects.ReadInt64(objects.Attribute(instance, "_sign")) != 0 ? "-" : "";
        string digits = objects.ReadString(objects.Attribute(instance, "_int"), Limits.DecimalWords * WordDigits);
        Address exponent = objects.Attribute(instance, "_exp");
        string text = objects.TryReadString(exponent, 1) switch
        {
            null => Finite(instance, digits, objects.ReadInt64(exponent)),
            "F" => "Infinity",
            "n" => "NaN" + digits,
            _ => "sNaN" + digits,
        };
        repr.Out.Write($"Decimal('{sign}{text}')");
    }

    /// <summary>to-scientific-string of the decimal specification (speleotrove.com/decimal/daconvs.html).</summary>
    private static string Finite(Address instance, string digits, long exponent)
    {
        if (exponent is < -MaxExponent or > MaxExponent)
            throw TargetFault.Nonsense(instance, "decimal of an exponent that can't be");
        long adjusted = exponent + digits.Length - 1;
        if (exponent <= 0 && adjusted >= -6)
        {
            int point = digits.Length + (int)exponent;
            if (exponent == 0)
                return digits;
            return point > 0 ? digits[..point] + "." + digits[point..] : "0." + new string('0', -point) + digits;
        }

        string mantissa = digits.Length == 1 ? digits : digits[0] + "." + digits[1..];
        return mantissa + "E" + (adjusted < 0 ? "" : "+") + adjusted.ToString(CultureInfo.InvariantCulture);
    }

    private static string Payload(IMemory memory, Address fields) =>
        memory.Read<long>(fields + Length) == 0 ? "" : Coefficient(memory, fields).TrimStart('0');

    /// <summary>Words of 19 decimal digits, the least first.</summary>
    private static string Coefficient(IMemory memory, Address fields)
    {
        long length = memory.Read<long>(fields + Length);
        if (length is < 0 or > Limits.DecimalWords)
            throw TargetFault.Nonsense(fields, "decimal with too many digits");
        byte[] words = new byte[(int)length * 8];
        memory.ReadExactly(memory.ReadPointer(fields + Data), words);
        var digits = new StringBuilder();
        for (int at = words.Length - 8; at >= 0; at -= 8)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(words.AsSpan(at));
            digits.Append(word.ToString("D" + WordDigits, CultureInfo.InvariantCulture));
        }

        string text = digits.ToString().TrimStart('0');
        return text.Length == 0 ? "0" : text;
    }
}
