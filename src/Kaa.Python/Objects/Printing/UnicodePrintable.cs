using System.Globalization;

namespace Kaa.Python.Objects.Printing;

/// <summary><c>str.isprintable()</c> of one character: every category but Other and Separator (Tools/unicode/makeunicodedata.py).</summary>
internal static class UnicodePrintable
{
    public static bool Is(int point, PythonVersion version) => CharUnicodeInfo.GetUnicodeCategory(point) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator => false,
        _ => true,
    };
}
