using Kaa.Formats;

namespace Kaa.Control.Debugging.Values;

/// <summary>What an expression stands for.</summary>
/// <param name="Bits">Of numbers and pointers; of doubles their bits. 0 for what only has a place.</param>
/// <param name="Place">Where it lies in memory; null for what lies nowhere.</param>
public sealed record DataValue(DataType Type, ulong Bits, Address? Place = null)
{
    /// <summary>A register that it is; null for others.</summary>
    public string? Register { get; init; }

    /// <summary>Text that was typed; null for others.</summary>
    public string? Text { get; init; }

    /// <summary>The name of the symbol that it is; null for others.</summary>
    public string? Symbol { get; init; }

    /// <summary>As a number of 64 bits, its sign spread out.</summary>
    public long Number => unchecked(Type.Size switch
    {
        1 when Type.Signed => (sbyte)Bits,
        1 => (byte)Bits,
        2 when Type.Signed => (short)Bits,
        2 => (ushort)Bits,
        4 when Type.Signed => (int)Bits,
        4 => (uint)Bits,
        _ => (long)Bits,
    });

    public Address Address => new(Bits);

    public static DataValue Integer(long value) =>
        new(value is >= int.MinValue and <= int.MaxValue ? DataType.Int : DataType.Long, unchecked((ulong)value));

    public static DataValue Pointer(DataType to, Address address) => new(to.Pointer(), address.Value);
}
