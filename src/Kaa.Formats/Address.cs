using System.Globalization;

namespace Kaa.Formats;

/// <summary>An address in the target's memory. Never a pointer of our own, and converted to and from a number only on purpose.</summary>
public readonly record struct Address(ulong Value) : IComparable<Address>
{
    public static readonly Address Null;

    public bool IsNull => Value == 0;

    public static Address operator +(Address address, int offset) => new(unchecked(address.Value + (ulong)offset));

    public static Address operator +(Address address, long offset) => new(unchecked(address.Value + (ulong)offset));

    public static Address operator +(Address address, ulong offset) => new(unchecked(address.Value + offset));

    public static Address operator -(Address address, long offset) => new(unchecked(address.Value - (ulong)offset));

    /// <summary>Distance in bytes; negative where <paramref name="left"/> lies below.</summary>
    public static long operator -(Address left, Address right) => unchecked((long)(left.Value - right.Value));

    public static bool operator <(Address left, Address right) => left.Value < right.Value;

    public static bool operator >(Address left, Address right) => left.Value > right.Value;

    public static bool operator <=(Address left, Address right) => left.Value <= right.Value;

    public static bool operator >=(Address left, Address right) => left.Value >= right.Value;

    public int CompareTo(Address other) => Value.CompareTo(other.Value);

    public override string ToString() => "0x" + Value.ToString("x", CultureInfo.InvariantCulture);
}
