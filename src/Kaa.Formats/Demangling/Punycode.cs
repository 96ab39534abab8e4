using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>Names with letters beyond ASCII, as Rust's v0 scheme writes them: RFC 3492 with an underscore for the hyphen.</summary>
internal static class Punycode
{
    private const int Base = 36;
    private const int TMin = 1;
    private const int TMax = 26;
    private const int Skew = 38;

    /// <exception cref="UndemangledException">It breaks the rules.</exception>
    public static string Decode(string encoded)
    {
        int delimiter = encoded.LastIndexOf('_');
        var runes = new List<Rune>();
        foreach (char letter in encoded.AsSpan(0, Math.Max(0, delimiter)))
            runes.Add(Rune.TryCreate(letter, out Rune rune) ? rune : throw new UndemangledException());

        // Each number says how far to move, in code point and place, from the last one that was put in.
        long code = 0x80;
        long place = 0;
        int bias = 72;
        ReadOnlySpan<char> rest = encoded.AsSpan(delimiter + 1);
        for (bool first = true; !rest.IsEmpty; first = false)
        {
            long before = place;
            place += Number(ref rest, bias);
            int length = runes.Count + 1;
            bias = Adapt(place - before, length, first);
            code += place / length;
            place %= length;
            if (code > int.MaxValue || !Rune.IsValid((int)code))
                throw new UndemangledException();
            runes.Insert((int)place, new Rune((int)code));
            place++;
        }

        return string.Concat(runes);
    }

    private static long Number(ref ReadOnlySpan<char> rest, int bias)
    {
        long number = 0;
        long weight = 1;
        for (int k = Base; ; k += Base)
        {
            if (rest.IsEmpty || weight > int.MaxValue)
                throw new UndemangledException();
            char letter = rest[0];
            rest = rest[1..];
            int digit = char.IsAsciiLetterLower(letter) ? letter - 'a' : char.IsAsciiDigit(letter) ? letter - '0' + 26 : throw new UndemangledException();
            number += digit * weight;
            int threshold = Math.Clamp(k - bias, TMin, TMax);
            if (digit < threshold)
                return number <= int.MaxValue ? number : throw new UndemangledException();
            weight *= Base - threshold;
        }
    }

    private static int Adapt(long delta, int length, bool first)
    {
        delta = first ? delta / 700 : delta / 2;
        delta += delta / length;
        int k = 0;
        for (; delta > (Base - TMin) * TMax / 2; k += Base)
            delta /= Base - TMin;
        return k + (int)((Base - TMin + 1) * delta / (delta + Skew));
    }
}
