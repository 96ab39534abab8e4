using System.Globalization;
using System.Text;

namespace Kaa.Report.Text;

/// <summary>How many columns of a terminal a text takes.</summary>
internal static class Cells
{
    public static int Width(string text)
    {
        if (Ascii.IsValid(text))
            return text.Length;
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
            width += Width(rune);
        return width;
    }

    public static int Width(Rune rune)
    {
        if (rune.IsAscii)
            return 1;
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            return 0;
        return IsWide(rune.Value) ? 2 : 1;
    }

    // The blocks whose characters are Wide or Fullwidth in Unicode's EastAsianWidth.txt (UAX #11), emoji included.
    private static bool IsWide(int rune) => rune switch
    {
        >= 0x1100 and <= 0x115f => true,
        >= 0x2e80 and <= 0x303e => true,
        >= 0x3041 and <= 0xa4cf => true,
        >= 0xac00 and <= 0xd7a3 => true,
        >= 0xf900 and <= 0xfaff => true,
        >= 0xfe30 and <= 0xfe6f => true,
        >= 0xff00 and <= 0xff60 => true,
        >= 0xffe0 and <= 0xffe6 => true,
        >= 0x1f300 and <= 0x1f64f => true,
        >= 0x1f900 and <= 0x1f9ff => true,
        >= 0x20000 and <= 0x3fffd => true,
        _ => false,
    };
}
