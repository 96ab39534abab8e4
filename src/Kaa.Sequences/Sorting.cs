using System.Collections;

namespace Kaa.Sequences;

/// <summary>A sequence that is sorted, stably, each time that it is walked.</summary>
public interface IOrderedEnumerable<T> : IEnumerable<T>
{
    /// <summary>The same, and elements that are equal so far in the order of <paramref name="next"/>.</summary>
    IOrderedEnumerable<T> Then(Comparison<T> next);
}

internal sealed class Ordered<T> : IOrderedEnumerable<T>
{
    private readonly IEnumerable<T> _source;
    private readonly Comparison<T> _comparison;

    internal Ordered(IEnumerable<T> source, Comparison<T> comparison)
    {
        _source = source;
        _comparison = comparison;
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        T[] items = _source.ToArray();
        MergeSort(items, new T[items.Length], 0, items.Length);
        return ((IEnumerable<T>)items).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public IOrderedEnumerable<T> Then(Comparison<T> next)
    {
        Comparison<T> first = _comparison;
        return new Ordered<T>(_source, (x, y) => first(x, y) is not 0 and int order ? order : next(x, y));
    }

    // Array.Sort is not stable.
    private void MergeSort(T[] items, T[] space, int begin, int end)
    {
        if (end - begin < 2)
            return;
        int middle = begin + (end - begin) / 2;
        MergeSort(items, space, begin, middle);
        MergeSort(items, space, middle, end);
        Array.Copy(items, begin, space, begin, end - begin);
        int left = begin, right = middle;
        for (int i = begin; i < end; i++)
        {
            bool fromLeft = left < middle && (right >= end || _comparison(space[left], space[right]) <= 0);
            items[i] = fromLeft ? space[left++] : space[right++];
        }
    }
}

/// <summary>Sequences in order.</summary>
public static partial class Enumerable
{
    /// <summary>In ascending order.</summary>
    public static IOrderedEnumerable<T> Order<T>(this IEnumerable<T> source, IComparer<T>? comparer = null) =>
        new Ordered<T>(source, (comparer ?? Comparer<T>.Default).Compare);

    /// <summary>By ascending keys, which are asked for at each comparison.</summary>
    public static IOrderedEnumerable<T> OrderBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key, IComparer<TKey>? comparer = null) =>
        new Ordered<T>(source, By(key, comparer, 1));

    /// <summary>By descending keys, which are asked for at each comparison.</summary>
    public static IOrderedEnumerable<T> OrderByDescending<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key, IComparer<TKey>? comparer = null) =>
        new Ordered<T>(source, By(key, comparer, -1));

    /// <summary>Elements that are equal so far, by ascending keys.</summary>
    public static IOrderedEnumerable<T> ThenBy<T, TKey>(this IOrderedEnumerable<T> source, Func<T, TKey> key, IComparer<TKey>? comparer = null) =>
        source.Then(By(key, comparer, 1));

    /// <summary>Elements that are equal so far, by descending keys.</summary>
    public static IOrderedEnumerable<T> ThenByDescending<T, TKey>(this IOrderedEnumerable<T> source, Func<T, TKey> key, IComparer<TKey>? comparer = null) =>
        source.Then(By(key, comparer, -1));

    private static Comparison<T> By<T, TKey>(Func<T, TKey> key, IComparer<TKey>? comparer, int sign)
    {
        comparer ??= Comparer<TKey>.Default;
        return (x, y) => Math.Sign(comparer.Compare(key(x), key(y))) * sign;
    }
}
