namespace Kaa.Sequences;

/// <summary>One element of a sequence. Those without a default throw <see cref="InvalidOperationException"/> where there is none.</summary>
public static partial class Enumerable
{
    /// <summary>The first element.</summary>
    public static T First<T>(this IEnumerable<T> source)
    {
        foreach (T item in source)
            return item;
        throw Nothing();
    }

    /// <summary>The first element for which <paramref name="predicate"/> holds.</summary>
    public static T First<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (predicate(item))
                return item;
        }
        throw Nothing();
    }

    /// <summary>The first element, or the type's default.</summary>
    public static T? FirstOrDefault<T>(this IEnumerable<T> source)
    {
        foreach (T item in source)
            return item;
        return default;
    }

    /// <summary>The first element for which <paramref name="predicate"/> holds, or the type's default.</summary>
    public static T? FirstOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (T item in source)
        {
            if (predicate(item))
                return item;
        }
        return default;
    }

    /// <summary>The last element.</summary>
    public static T Last<T>(this IEnumerable<T> source)
    {
        List<T> all = source.ToList();
        return all.Count > 0 ? all[^1] : throw Nothing();
    }

    /// <summary>The last element, or the type's default.</summary>
    public static T? LastOrDefault<T>(this IEnumerable<T> source)
    {
        List<T> all = source.ToList();
        return all.Count > 0 ? all[^1] : default;
    }

    /// <summary>The last element for which <paramref name="predicate"/> holds, or the type's default.</summary>
    public static T? LastOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate) => source.Where(predicate).LastOrDefault();

    /// <summary>The only element; more than one is an error too.</summary>
    public static T Single<T>(this IEnumerable<T> source)
    {
        List<T> all = source.ToList();
        return all.Count == 1 ? all[0] : throw Nothing();
    }

    /// <summary>The only element, or the type's default; more than one is an error.</summary>
    public static T? SingleOrDefault<T>(this IEnumerable<T> source)
    {
        List<T> all = source.ToList();
        return all.Count <= 1 ? all.FirstOrDefault() : throw Nothing();
    }

    /// <summary>The smallest element.</summary>
    public static T Min<T>(this IEnumerable<T> source) => source.MinBy(static item => item);

    /// <summary>The smallest of what <paramref name="selector"/> makes of the elements.</summary>
    public static TResult Min<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector) => source.Select(selector).Min();

    /// <summary>The greatest element.</summary>
    public static T Max<T>(this IEnumerable<T> source) => source.MaxBy(static item => item);

    /// <summary>The greatest of what <paramref name="selector"/> makes of the elements.</summary>
    public static TResult Max<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector) => source.Select(selector).Max();

    /// <summary>The first element with the smallest key; for a type with null, null where there is none.</summary>
    public static T MinBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key) => Extreme(source, key, -1);

    /// <summary>The first element with the greatest key; for a type with null, null where there is none.</summary>
    public static T MaxBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key) => Extreme(source, key, 1);

    private static T Extreme<T, TKey>(IEnumerable<T> source, Func<T, TKey> key, int sign)
    {
        using IEnumerator<T> each = source.GetEnumerator();
        if (!each.MoveNext())
            return default(T) is null ? default! : throw Nothing();
        T best = each.Current;
        TKey bestKey = key(best);
        while (each.MoveNext())
        {
            TKey next = key(each.Current);
            if (Comparer<TKey>.Default.Compare(next, bestKey) * sign > 0)
                (best, bestKey) = (each.Current, next);
        }
        return best;
    }

    private static InvalidOperationException Nothing() => new("The sequence has no such element, or more than one.");
}
