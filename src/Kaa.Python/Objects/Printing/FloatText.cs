using System.Globalization;
using System.Text;

namespace Kaa.Python.Objects.Printing;

/// <summary>
/// Floats as <c>repr()</c> prints them: the shortest digits that give the same double (float_repr_style "short", Python/pystrtod.c).
/// </summary>
internal static class FloatText
{
    /// <param name="addDotZero">Whether a whole number ends with <c>.0</c>, which a complex's parts do not.</param>
    public static string Format(double value, bool addDotZero)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        (string digits, int point) = Shortest(Math.Abs(value));
        var text = new StringBuilder();
        if (double.IsNegative(value))
            text.Append('-');
        if (point is > -4 and <= 16)
            Fixed(text, digits, point, addDotZero);
        else
            Scientific(text, digits, point);
        return text.ToString();
    }

    /// <summary>Digits without zeros at either end, and where the point lies: 0.<c>digits</c> × 10^point.</summary>
    private static (string Digits, int Point) Shortest(double value)
    {
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
            return ("0", 1);
        int scale = exponentAt < 0 ? 0 : int.Parse(shortest[(exponentAt + 1)..], CultureInfo.InvariantCulture);
        return (digits, scale + FirstDigit(mantissa) + 1);
    }

    /// <summary>The power of ten of the first digit that is not 0.</summary>
    private static int FirstDigit(string mantissa)
    {
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? mantissa.Length : point;
        for (int i = 0, place = 0; i < mantissa.Length; i++)
        {
            if (mantissa[i] == '.')
                continue;
            if (mantissa[i] != '0')
                return whole - 1 - place;
            place++;
        }

        return 0;
    }

    private static void Fixed(StringBuilder text, string digits, int point, bool addDotZero)
    {
        if (point <= 0)
        {
            text.Append("0.").Append('0', -point).Append(digits);
        }
        else if (digits.Length <= point)
        {
            text.Append(digits).Append('0', point - digits.Length).Append(addDotZero ? ".0" : "");
        }
        else
        {
            text.Append(digits, 0, point).Append('.').Append(digits, point, digits.Length - point);
        }
    }

    private static void Scientific(StringBuilder text, string digits, int point)
    {
        text.Append(digits[0]);
        if (digits.Length > 1)
            text.Append('.').Append(digits, 1, digits.Length - 1);
        int exponent = point - 1;
        text.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture));
    }
}
