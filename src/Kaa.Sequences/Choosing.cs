namespace Kaa.Sequences;

/// <summary>
/// The operators of LINQ that Kaa uses, by the same names and with the same meaning: lazy where LINQ is lazy, in the source's order, and
/// sorting is stable.
/// </summary>
/// <remarks>
/// System.Linq has a class for each pair of kinds of source and operator, with virtual generic methods in each; compiled ahead of time for value
/// types that was a tenth of the binary. Here an operator is one iterator. Who needs another operator adds it.
/// </remarks>
public static partial class Enumerable
{
    /// <summary>The elements for which <paramref name="predicate"/> holds.</summary>
    public static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (predicate(item))
                yield return item;
        }
    }

    /// <summary>The elements that are a <typeparamref name="T"/>.</summary>
    public static IEnumerable<T> OfType<T>(this System.Collections.IEnumerable source)
    {
        foreach (object? item in source)
        {
            if (item is T wanted)
                yield return wanted;
        }
    }

    /// <summary>What is left without the first <paramref name="count"/>.</summary>
    public static IEnumerable<T> Skip<T>(this IEnumerable<T> source, int count)
    {
        foreach (T item in source)
        {
            if (count > 0)
                count--;
            else
                yield return item;
        }
    }

    /// <summary>At most the first <paramref name="count"/>; no more than these are asked of the source.</summary>
    public static IEnumerable<T> Take<T>(this IEnumerable<T> source, int count)
    {
        if (count <= 0)
            yield break;
        foreach (T item in source)
        {
            yield return item;
            if (--count == 0)
                yield break;
        }
    }

    /// <summary>At most the last <paramref name="count"/>.</summary>
    public static IEnumerable<T> TakeLast<T>(this IEnumerable<T> source, int count)
    {
        List<T> all = source.ToList();
        for (int i = Math.Max(0, all.Count - Math.Max(0, count)); i < all.Count; i++)
            yield return all[i];
    }

    /// <summary>The elements up to, without, the first for which <paramref name="predicate"/> does not hold.</summary>
    public static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (!predicate(item))
                yield break;
            yield return item;
        }
    }

    /// <summary>The elements from the first on for which <paramref name="predicate"/> does not hold.</summary>
    public static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        bool skipping = true;
        foreach (T item in source)
        {
            skipping = skipping && predicate(item);
            if (!skipping)
                yield return item;
        }
    }

    /// <summary>Each element once, where it comes first.</summary>
    public static IEnumerable<T> Distinct<T>(this IEnumerable<T> source, IEqualityComparer<T>? comparer = null)
    {
        HashSet<T> seen = new(comparer);
        foreach (T item in source)
        {
            if (seen.Add(item))
                yield return item;
        }
    }

    /// <summary>The first element of each key.</summary>
    public static IEnumerable<T> DistinctBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key, IEqualityComparer<TKey>? comparer = null)
    {
        HashSet<TKey> seen = new(comparer);
        foreach (T item in source)
        {
            if (seen.Add(key(item)))
                yield return item;
        }
    }

    /// <summary>Each element once that is not in <paramref name="other"/>.</summary>
    public static IEnumerable<T> Except<T>(this IEnumerable<T> source, IEnumerable<T> other)
    {
        HashSet<T> seen = [.. other];
        foreach (T item in source)
        {
            if (seen.Add(item))
                yield return item;
        }
    }

    /// <summary>Each element once that is in <paramref name="other"/> too.</summary>
    public static IEnumerable<T> Intersect<T>(this IEnumerable<T> source, IEnumerable<T> other)
    {
        HashSet<T> wanted = [.. other];
        foreach (T item in source)
        {
            if (wanted.Remove(item))
                yield return item;
        }
    }
}
