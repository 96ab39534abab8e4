using System.Buffers.Binary;
using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>Sign and digits of ints (2.7: of longs).</summary>
internal sealed class LongReader(IMemory memory, ObjectLayout layout)
{
    /// <summary>More digits than any address space holds.</summary>
    private const long MaxDigits = 1L << 46;

    /// <summary>Digits, and whether the number is negative.</summary>
    /// <exception cref="TargetFault">Unreadable, or a sign or count that no int has.</exception>
    public (long Digits, bool Negative) Size(Address address)
    {
        long word = memory.Read<long>(address + layout.PyLongObject.size);
        (long digits, bool negative) = layout.LongForm == LongForm.SignedSize
            ? (word < 0 ? unchecked(-word) : word, word < 0)
            : (word >>> 3, (word & 3) == 2);
        bool possible = digits is >= 0 and <= MaxDigits && (layout.LongForm == LongForm.SignedSize || (word & 3) != 3);
        return possible ? (digits, negative) : throw TargetFault.Nonsense(address, "no int");
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
            ReadOnlySpan<byte> bytes = raw[at..];
            ulong digit = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            pending |= (digit & mask) << bits;
            bits += shift;
            for (; bits >= 8; bits -= 8, pending >>= 8)
                packed[done++] = unchecked((byte)pending);
        }

        packed[done] = unchecked((byte)pending);
        return packed;
    }
}
