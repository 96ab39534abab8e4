using System.Buffers.Binary;
using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>Sign and digits of ints (2.7: of longs).</summary>
internal sealed class LongReader(IMemory memory, ObjectLayout layout)
{
    /// <summary>Digits, and whether the number is negative.</summary>
    /// <exception cref="TargetFault">Unreadable, or a sign or count that no int has.</exception>
    public (long Digits, bool Negative) Size(Address address)
    {
        ulong word = memory.Read<ulong>(address + layout.PyLongObject.size);
        if (layout.LongForm == LongForm.SignedSize)
        {
            long size = unchecked((long)word);
            return size == long.MinValue ? throw TargetFault.Nonsense(address, "int of 2^63 digits") : (Math.Abs(size), size < 0);
        }

        ulong sign = word & 3;
        return sign == 3 ? throw TargetFault.Nonsense(address, "int without a sign") : ((long)(word >> 3), sign == 2);
    }

    /// <summary>The number; null where it has more than <see cref="Limits.IntDigits"/> digits.</summary>
    public BigInteger? Read(Address address)
    {
        (long digits, bool negative) = Size(address);
        if (digits > Limits.IntDigits)
            return null;
        int width = layout.PyLongObject.PyLong_SHIFT > 15 ? 4 : 2;
        byte[] raw = new byte[(int)digits * width];
        memory.ReadExactly(address + layout.PyLongObject.ob_digit, raw);
        var magnitude = new BigInteger(Pack(raw, width, layout.PyLongObject.PyLong_SHIFT), isUnsigned: true);
        return negative ? -magnitude : magnitude;
    }

    /// <summary>Digits of 15 or 30 bits to bytes of 8.</summary>
    private static byte[] Pack(ReadOnlySpan<byte> raw, int width, int shift)
    {
        byte[] packed = new byte[raw.Length + 1];
        ulong mask = (1UL << shift) - 1;
        ulong pending = 0;
        int bits = 0;
        int done = 0;
        for (int at = 0; at < raw.Length; at += width)
        {
            ulong digit = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(raw[at..]);
            pending |= (digit & mask) << bits;
            bits += shift;
            for (; bits >= 8; bits -= 8, pending >>= 8)
                packed[done++] = unchecked((byte)pending);
        }

        packed[done] = unchecked((byte)pending);
        return packed;
    }
}
