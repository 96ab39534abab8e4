namespace Kaa.Sequences;

/// <summary>Searches in what is in order.</summary>
public static class BinarySearch
{
    /// <summary>How many items come first: all for which <paramref name="isFirst"/> holds must lie before all others. In steps of halves.</summary>
    public static int CountFirst<T, TKey>(ReadOnlySpan<T> items, TKey key, Func<T, TKey, bool> isFirst)
    {
        int low = 0;
        int high = items.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (isFirst(items[middle], key))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
