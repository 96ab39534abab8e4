namespace Kaa.Sequences;

/// <summary>One answer about a whole sequence.</summary>
public static partial class Enumerable
{
    /// <summary>Whether there is an element.</summary>
    public static bool Any<T>(this IEnumerable<T> source)
    {
        using IEnumerator<T> each = source.GetEnumerator();
        return each.MoveNext();
    }

    /// <summary>Whether <paramref name="predicate"/> holds for an element.</summary>
    public static bool Any<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (predicate(item))
                return true;
        }
        return false;
    }

    /// <summary>Whether <paramref name="predicate"/> holds for every element.</summary>
    public static bool All<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (!predicate(item))
                return false;
        }
        return true;
    }

    /// <summary>Whether an element equals <paramref name="value"/>.</summary>
    public static bool Contains<T>(this IEnumerable<T> source, T value, IEqualityComparer<T>? comparer = null)
    {
        if (comparer is null && source is ICollection<T> collection)
            return collection.Contains(value);
        comparer ??= EqualityComparer<T>.Default;
        foreach (T item in source)
        {
            if (comparer.Equals(item, value))
                return true;
        }
        return false;
    }

    /// <summary>How many elements there are.</summary>
    public static int Count<T>(this IEnumerable<T> source)
    {
        if (source is ICollection<T> collection)
            return collection.Count;
        if (source is IReadOnlyCollection<T> known)
            return known.Count;
        int count = 0;
        foreach (T _ in source)
            count++;
        return count;
    }

    /// <summary>For how many elements <paramref name="predicate"/> holds.</summary>
    public static int Count<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        int count = 0;
        foreach (T item in source)
        {
            if (predicate(item))
                count++;
        }
        return count;
    }

    /// <summary>Whether both have equal elements at equal places.</summary>
    public static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T>? comparer = null)
    {
        comparer ??= EqualityComparer<T>.Default;
        using IEnumerator<T> other = second.GetEnumerator();
        foreach (T item in first)
        {
            if (!other.MoveNext() || !comparer.Equals(item, other.Current))
                return false;
        }
        return !other.MoveNext();
    }

    /// <summary>What <paramref name="step"/> makes of <paramref name="seed"/> with one element after the other.</summary>
    public static TResult Aggregate<T, TResult>(this IEnumerable<T> source, TResult seed, Func<TResult, T, TResult> step)
    {
        foreach (T item in source)
            seed = step(seed, item);
        return seed;
    }

    /// <summary>The sum of the numbers; throws where it does not fit.</summary>
    public static int Sum(this IEnumerable<int> source) => source.Sum(static number => number);

    /// <inheritdoc cref="Sum(IEnumerable{int})"/>
    public static long Sum(this IEnumerable<long> source) => source.Sum(static number => number);

    /// <inheritdoc cref="Sum(IEnumerable{int})"/>
    public static int Sum<T>(this IEnumerable<T> source, Func<T, int> selector)
    {
        int sum = 0;
        foreach (T item in source)
            sum = checked(sum + selector(item));
        return sum;
    }

    /// <inheritdoc cref="Sum(IEnumerable{int})"/>
    public static long Sum<T>(this IEnumerable<T> source, Func<T, long> selector)
    {
        long sum = 0;
        foreach (T item in source)
            sum = checked(sum + selector(item));
        return sum;
    }
}
