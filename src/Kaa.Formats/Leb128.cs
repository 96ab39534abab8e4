namespace Kaa.Formats;

/// <summary>A number in pieces of seven bits, the lowest first (LEB128; DWARF 5, 7.6). Bits beyond the 64th are dropped.</summary>
internal struct Leb128
{
    private ulong _value;
    private int _shift;
    private bool _isNegative;

    /// <summary>False for its last byte.</summary>
    public bool Take(byte part)
    {
        if (_shift < 64)
            _value |= (ulong)(part & 0x7f) << _shift;
        _shift += 7;
        _isNegative = (part & 0x40) != 0;
        return (part & 0x80) != 0;
    }

    public readonly ulong Unsigned => _value;

    /// <summary>By the sign bit of its last byte.</summary>
    public readonly long Signed => unchecked((long)(_isNegative && _shift < 64 ? _value | (ulong.MaxValue << _shift) : _value));
}
