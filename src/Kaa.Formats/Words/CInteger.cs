using System.Globalization;

namespace Kaa.Formats.Words;

/// <summary>Integers as C writes them: <c>12</c>, <c>0x1f</c>, <c>0755</c>.</summary>
public static class CInteger
{
    /// <summary>False for what is no number, or one of more than 64 bits.</summary>
    /// <param name="word">Without a suffix.</param>
    public static bool TryParse(string word, out ulong value)
    {
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (word.Length < 2 || word[0] != '0')
            return ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (char digit in word)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }
}
