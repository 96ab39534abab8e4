using System.Globalization;

namespace Kaa.Report.Memory;

/// <summary>Amounts of memory for a person.</summary>
public static class ByteText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>"512 B", "1.5 KiB", "20.0 GiB".</summary>
    public static string Of(double bytes)
    {
        int unit = 0;
        double amount = bytes;
        while (Math.Abs(amount) >= 1024 && unit < Units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        return amount.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>"12.3 %"; of nothing, "0 %".</summary>
    public static string Share(double part, double whole) =>
        whole > 0 ? (100 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "0 %";

    /// <summary>With separators between thousands.</summary>
    public static string Count(double count) => Math.Round(count).ToString("#,0", CultureInfo.InvariantCulture);
}
