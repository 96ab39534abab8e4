namespace Kaa.Sequences;

/// <summary>Sequences made of others, or of nothing.</summary>
public static partial class Enumerable
{
    /// <summary>What <paramref name="selector"/> makes of each element.</summary>
    public static IEnumerable<TResult> Select<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector)
    {
        foreach (T item in source)
            yield return selector(item);
    }

    /// <summary>The same, with each element's place from 0 on.</summary>
    public static IEnumerable<TResult> Select<T, TResult>(this IEnumerable<T> source, Func<T, int, TResult> selector)
    {
        int index = 0;
        foreach (T item in source)
            yield return selector(item, index++);
    }

    /// <summary>All elements of what <paramref name="selector"/> makes of each element.</summary>
    public static IEnumerable<TResult> SelectMany<T, TResult>(this IEnumerable<T> source, Func<T, IEnumerable<TResult>> selector)
    {
        foreach (T item in source)
        {
            foreach (TResult result in selector(item))
                yield return result;
        }
    }

    /// <summary>The elements as <typeparamref name="T"/>; one that is none throws when it is reached.</summary>
    public static IEnumerable<T> Cast<T>(this System.Collections.IEnumerable source)
    {
        if (source is IEnumerable<T> already)
            return already;
        return Each(source);

        static IEnumerable<T> Each(System.Collections.IEnumerable source)
        {
            foreach (object? item in source)
                yield return (T)item!;
        }
    }

    /// <summary>The elements of one, then of the other.</summary>
    public static IEnumerable<T> Concat<T>(this IEnumerable<T> first, IEnumerable<T> second)
    {
        foreach (T item in first)
            yield return item;
        foreach (T item in second)
            yield return item;
    }

    /// <summary>Each element of both once.</summary>
    public static IEnumerable<T> Union<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T>? comparer = null) =>
        first.Concat(second).Distinct(comparer);

    /// <summary>The elements, then <paramref name="last"/>.</summary>
    public static IEnumerable<T> Append<T>(this IEnumerable<T> source, T last) => source.Concat([last]);

    /// <summary><paramref name="first"/>, then the elements.</summary>
    public static IEnumerable<T> Prepend<T>(this IEnumerable<T> source, T first) => ((IEnumerable<T>)[first]).Concat(source);

    /// <summary>Pairs of what both have at each place, up to the end of the shorter one.</summary>
    public static IEnumerable<(TFirst First, TSecond Second)> Zip<TFirst, TSecond>(this IEnumerable<TFirst> first, IEnumerable<TSecond> second)
    {
        using IEnumerator<TSecond> other = second.GetEnumerator();
        foreach (TFirst item in first)
        {
            if (!other.MoveNext())
                yield break;
            yield return (item, other.Current);
        }
    }

    /// <summary>The elements, the last one first.</summary>
    public static IEnumerable<T> Reverse<T>(this IEnumerable<T> source)
    {
        List<T> all = source.ToList();
        for (int i = all.Count - 1; i >= 0; i--)
            yield return all[i];
    }

    /// <summary><paramref name="count"/> numbers from <paramref name="start"/> on.</summary>
    public static IEnumerable<int> Range(int start, int count)
    {
        for (int i = 0; i < count; i++)
            yield return start + i;
    }

    /// <summary><paramref name="element"/>, <paramref name="count"/> times.</summary>
    public static IEnumerable<T> Repeat<T>(T element, int count)
    {
        for (int i = 0; i < count; i++)
            yield return element;
    }

    /// <summary>Nothing.</summary>
    public static IEnumerable<T> Empty<T>() => [];
}
