namespace Kaa.Doctor.Packages;

/// <summary>The order of versions (deb-version(7)).</summary>
internal static class DebianVersion
{
    public static int Compare(string left, string right)
    {
        (long epochLeft, string restLeft) = Epoch(left);
        (long epochRight, string restRight) = Epoch(right);
        if (epochLeft != epochRight)
            return epochLeft.CompareTo(epochRight);
        (string upstreamLeft, string revisionLeft) = Revision(restLeft);
        (string upstreamRight, string revisionRight) = Revision(restRight);
        int order = CompareParts(upstreamLeft, upstreamRight);
        return order != 0 ? order : CompareParts(revisionLeft, revisionRight);
    }

    private static (long Epoch, string Version) Epoch(string version)
    {
        int colon = version.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && long.TryParse(version.AsSpan(0, colon), out long epoch) ? (epoch, version[(colon + 1)..]) : (0, version);
    }

    private static (string Upstream, string Revision) Revision(string version)
    {
        int dash = version.LastIndexOf('-');
        return dash < 0 ? (version, "") : (version[..dash], version[(dash + 1)..]);
    }

    /// <summary>Alternately what is no digit, by a table of its own, and numbers.</summary>
    private static int CompareParts(string left, string right)
    {
        int i = 0;
        int j = 0;
        while (i < left.Length || j < right.Length)
        {
            while ((i < left.Length && !char.IsAsciiDigit(left[i])) || (j < right.Length && !char.IsAsciiDigit(right[j])))
            {
                int order = Weight(left, i).CompareTo(Weight(right, j));
                if (order != 0)
                    return order;
                i++;
                j++;
            }

            int numbers = Number(left, ref i).CompareTo(Number(right, ref j));
            if (numbers != 0)
                return numbers;
        }

        return 0;
    }

    // A tilde sorts before the end, the end and digits before letters, these before all else.
    private static int Weight(string text, int at)
    {
        if (at >= text.Length || char.IsAsciiDigit(text[at]))
            return 0;
        return text[at] == '~' ? -1 : char.IsAsciiLetter(text[at]) ? text[at] : text[at] + 256;
    }

    private static System.Numerics.BigInteger Number(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return at == start ? 0 : System.Numerics.BigInteger.Parse(text.AsSpan(start, at - start), System.Globalization.CultureInfo.InvariantCulture);
    }
}
