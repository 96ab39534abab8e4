namespace Kaa.Control.Debugging.Values;

/// <summary>The values that were printed (<c>$1</c>, <c>$</c>, <c>$$</c>), and the variables that <c>set</c> made (<c>$x</c>, <c>$_</c>).</summary>
public sealed class ValueStore
{
    private readonly List<DataValue> _history = [];
    private readonly Dictionary<string, DataValue> _variables = new(StringComparer.Ordinal);

    public int Count => _history.Count;

    public IEnumerable<KeyValuePair<string, DataValue>> Variables => _variables;

    /// <summary>Gives its number.</summary>
    public int Add(DataValue value)
    {
        _history.Add(value);
        return _history.Count;
    }

    /// <summary>By its number, from 1; null where there is none.</summary>
    public DataValue? Find(int number) => number >= 1 && number <= _history.Count ? _history[number - 1] : null;

    /// <summary>0 is the last one.</summary>
    public DataValue? Back(int count) => Find(_history.Count - count);

    public DataValue? Find(string variable) => _variables.GetValueOrDefault(variable);

    public void Set(string variable, DataValue value) => _variables[variable] = value;
}
