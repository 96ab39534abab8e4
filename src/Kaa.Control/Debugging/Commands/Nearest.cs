namespace Kaa.Control.Debugging.Commands;

/// <summary>Which of some names a mistyped one may have meant.</summary>
internal static class Nearest
{
    /// <summary>Null where none is near.</summary>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string? best = null;
        int least = Math.Max(1, word.Length / 3) + 1;
        foreach (string name in names)
        {
            int distance = Distance(word, name, least);
            if (distance < least)
                (best, least) = (name, distance);
        }

        return best;
    }

    /// <summary>Letters that are left out, put in, replaced or swapped with the next (optimal string alignment).</summary>
    private static int Distance(string left, string right, int most)
    {
        if (Math.Abs(left.Length - right.Length) >= most)
            return most;
        int[] older = new int[right.Length + 1];
        int[] before = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int[] now = new int[right.Length + 1];
            now[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                now[j] = Math.Min(Math.Min(now[j - 1], before[j]) + 1, before[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    now[j] = Math.Min(now[j], older[j - 2] + 1);
            }

            (older, before) = (before, now);
        }

        return before[^1];
    }
}
