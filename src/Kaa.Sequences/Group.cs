using System.Collections;

namespace Kaa.Sequences;

/// <summary>Elements with the same key.</summary>
public interface IGrouping<TKey, T> : IReadOnlyList<T>
{
    /// <summary>What they have in common.</summary>
    TKey Key { get; }
}

internal sealed class Group<TKey, T>(TKey key) : IGrouping<TKey, T>
{
    private readonly List<T> _elements = [];

    /// <inheritdoc/>
    public TKey Key => key;

    /// <inheritdoc/>
    public int Count => _elements.Count;

    /// <inheritdoc/>
    public T this[int index] => _elements[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => _elements.GetEnumerator();

    internal void Add(T element) => _elements.Add(element);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
