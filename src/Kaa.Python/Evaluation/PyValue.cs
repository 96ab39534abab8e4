using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Objects;

namespace Kaa.Python.Evaluation;

/// <summary>What an expression stands for: an object of the target, or what was taken out of one.</summary>
public abstract record PyValue;

public sealed record ObjectValue(Address Object) : PyValue;

/// <summary>A length, an item of bytes, a number that was typed.</summary>
public sealed record IntegerValue(BigInteger Number) : PyValue;

/// <summary>A text that was typed.</summary>
public sealed record TypedText(string Text) : PyValue;

/// <summary>A slice of a list or tuple, or the items of a deque.</summary>
internal sealed record ItemsValue(IReadOnlyList<Address> Items, bool IsTuple) : PyValue;

/// <summary>A character or a slice of a str, bytes or bytearray.</summary>
internal sealed record TextValue(TextData Text, TextForm Form) : PyValue;

internal enum TextForm
{
    Str,

    /// <summary>2.7: <c>u'…'</c>.</summary>
    Unicode2,

    /// <summary>2.7's str.</summary>
    Str2,
    Bytes,
    ByteArray,
}
