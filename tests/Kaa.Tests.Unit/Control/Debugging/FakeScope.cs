using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Python.Inspection;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>A frame with a few registers, symbols and memory.</summary>
internal sealed class FakeScope : IValueScope
{
    public FakeMemory Bytes { get; } = new();

    public Dictionary<string, DataValue> Registers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, DataValue> Symbols { get; } = new(StringComparer.Ordinal);

    public ValueStore Store { get; } = new();

    public List<(DataValue Place, DataValue Value)> Assigned { get; } = [];

    public PyStruct? Known { get; set; }

    public IMemory Memory => Bytes;

    public DataValue? Register(string name) => Registers.GetValueOrDefault(name);

    public DataValue? Variable(string name) => Store.Find(name);

    public DataValue? History(int number) => number > 0 ? Store.Find(number) : Store.Back(-number);

    public DataValue? Symbol(string name) => Symbols.GetValueOrDefault(name);

    public PyStruct? Struct(string name) => Known?.Name == name ? Known : null;

    public DataValue? SignalField(string path) => path == "si_signo" ? DataValue.Integer(11) : null;

    public List<(DataValue Function, IReadOnlyList<DataValue> Arguments)> Called { get; } = [];

    public DataValue Call(DataValue function, IReadOnlyList<DataValue> arguments)
    {
        Called.Add((function, arguments));
        return DataValue.Integer(42);
    }

    public void Assign(DataValue place, DataValue value)
    {
        Assigned.Add((place, value));
        if (place.Symbol is ['$', .. var name])
            Store.Set(name, value);
    }
}
