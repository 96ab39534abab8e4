using System.Globalization;
using System.Numerics;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

internal static class NumberReprs
{
    /// <summary>
    /// Decimal digits, also beyond the 4,300 at which <c>repr()</c> itself refuses since 3.11 (sys.set_int_max_str_digits); past
    /// <see cref="Limits.IntDigits"/> only the size is told.
    /// </summary>
    public static void Int(Repr repr, Address instance, PyType type)
    {
        if (repr.Objects.ReadInt(instance) is { } number)
            Number(repr, number, repr.IsPython2 && type.Has(TypeFlags.LongSubclass) ? "L" : "");
        else
            repr.Out.Write($"<int of up to {repr.Objects.IntBits(instance).ToString(CultureInfo.InvariantCulture)} bits>");
    }

    public static void Bool(Repr repr, Address instance, PyType type) =>
        repr.Out.Write(repr.Objects.ReadInt64(instance) != 0 ? "True" : "False");

    public static void Float(Repr repr, Address instance, PyType type) =>
        repr.Out.Write(FloatText.Format(Double(repr, instance, 0), addDotZero: true));

    /// <summary>complex_repr, Objects/complexobject.c: the real part is left out where it is +0.</summary>
    public static void Complex(Repr repr, Address instance, PyType type)
    {
        double real = Double(repr, instance, 0);
        string imaginary = FloatText.Format(Double(repr, instance, 8), addDotZero: false) + "j";
        if (real == 0 && !double.IsNegative(real))
        {
            repr.Out.Write(imaginary);
            return;
        }

        string sign = imaginary[0] == '-' ? "" : "+";
        repr.Out.Write("(" + FloatText.Format(real, addDotZero: false) + sign + imaginary + ")");
    }

    private static void Number(Repr repr, BigInteger number, string suffix)
    {
        string text = number.ToString(CultureInfo.InvariantCulture) + suffix;
        repr.SetWholeLength(text.Length);
        repr.Out.Write(text);
    }

    private static double Double(Repr repr, Address instance, int offset) =>
        repr.Objects.Memory.Read<double>(instance + (repr.Objects.Layout.PyObject.size + offset));
}
