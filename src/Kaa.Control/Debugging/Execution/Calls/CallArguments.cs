using System.Text;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary>Arguments as the calling convention has them (System V ABI, 3.2.3), and the texts that some of them point to.</summary>
/// <param name="Scratch">What is to lie at <see cref="X64Caller.ScratchOf"/>.</param>
internal sealed record CallArguments(IReadOnlyList<ulong> Integers, IReadOnlyList<double> Reals, byte[] Scratch)
{
    private const int Alignment = 16;

    /// <param name="scratch">Where the texts will lie.</param>
    /// <exception cref="UserError">call-refused: there are too many, or one can't be handed over.</exception>
    public static CallArguments Of(IReadOnlyList<DataValue> values, Address scratch)
    {
        var integers = new List<ulong>();
        var reals = new List<double>();
        var texts = new List<byte>();
        foreach (DataValue value in values)
        {
            if (value.Type is { Kind: DataKind.Float, Size: 4 })
                throw Refused("a float is handed over as a double by those functions only that take any number of arguments", "cast it: (double) …");
            if (value.Type.Kind == DataKind.Float)
                reals.Add(Operators.Double(value));
            else if (value.Text is { } text)
                integers.Add(Place(texts, text, scratch).Value);
            else if (value.Type.Kind == DataKind.Struct)
                throw Refused("a struct is no argument", "&NAME, or a pointer to it");
            else
                integers.Add(value.Type.Kind == DataKind.Unknown ? Operators.AsAddress(value).Value : unchecked((ulong)Operators.NumberOf(value)));
        }

        if (integers.Count > X64Caller.MostIntegers || reals.Count > X64Caller.MostReals)
            throw Refused($"there are more than {X64Caller.MostIntegers} integers and pointers, or {X64Caller.MostReals} doubles", null);
        return texts.Count <= X64Caller.ScratchSize
            ? new CallArguments(integers, reals, [.. texts])
            : throw Refused($"the texts have more than {X64Caller.ScratchSize} bytes", null);
    }

    private static Address Place(List<byte> texts, string text, Address scratch)
    {
        Address at = scratch + texts.Count;
        texts.AddRange(Encoding.UTF8.GetBytes(text));
        do
            texts.Add(0);
        while (texts.Count % Alignment != 0);
        return at;
    }

    private static UserError Refused(string why, string? hint) => new("call-refused", $"The function was not called: {why}.", hint);
}
