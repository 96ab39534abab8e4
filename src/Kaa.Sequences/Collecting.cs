namespace Kaa.Sequences;

/// <summary>Collections made of sequences.</summary>
public static partial class Enumerable
{
    /// <summary>The elements as a new list.</summary>
    public static List<T> ToList<T>(this IEnumerable<T> source) => new(source);

    /// <summary>The elements as a new array.</summary>
    public static T[] ToArray<T>(this IEnumerable<T> source) => new List<T>(source).ToArray();

    /// <summary>The elements as a new set.</summary>
    public static HashSet<T> ToHashSet<T>(this IEnumerable<T> source, IEqualityComparer<T>? comparer = null) => new(source, comparer);

    /// <summary>The elements by their keys; a key that comes twice throws.</summary>
    public static Dictionary<TKey, T> ToDictionary<T, TKey>(this IEnumerable<T> source, Func<T, TKey> key, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull => source.ToDictionary(key, static item => item, comparer);

    /// <summary>A value for each key; a key that comes twice throws.</summary>
    public static Dictionary<TKey, TValue> ToDictionary<T, TKey, TValue>(
        this IEnumerable<T> source, Func<T, TKey> key, Func<T, TValue> value, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        Dictionary<TKey, TValue> made = new(comparer);
        foreach (T item in source)
            made.Add(key(item), value(item));
        return made;
    }

    /// <summary>The elements of each key, in the order in which keys come first.</summary>
    public static IEnumerable<IGrouping<TKey, T>> GroupBy<T, TKey>(
        this IEnumerable<T> source, Func<T, TKey> key, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        Dictionary<TKey, Group<TKey, T>> groups = new(comparer);
        List<Group<TKey, T>> ordered = [];
        foreach (T item in source)
        {
            TKey itsKey = key(item);
            if (!groups.TryGetValue(itsKey, out Group<TKey, T>? group))
            {
                groups.Add(itsKey, group = new Group<TKey, T>(itsKey));
                ordered.Add(group);
            }
            group.Add(item);
        }
        return ordered;
    }
}
