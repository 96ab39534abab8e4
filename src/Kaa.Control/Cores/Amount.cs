using System.Globalization;

namespace Kaa.Control.Cores;

/// <summary>Bytes for a person.</summary>
public static class Amount
{
    public static string Of(ulong bytes) => bytes switch
    {
        < 10ul << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 10ul << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB"),
        < 10ul << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB"),
    };
}
