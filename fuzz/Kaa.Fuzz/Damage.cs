using System.Buffers.Binary;

namespace Kaa.Fuzz;

/// <summary>Damages bytes in ways that parsers trip over; the same seed does the same.</summary>
internal static class Damage
{
    private static readonly byte[] s_telling = [0, 1, 2, 8, 0x7f, 0x80, 0xfe, 0xff, (byte)'\n', (byte)' ', (byte)'0', (byte)'-', (byte)'/'];

    private static readonly ulong[] s_numbers =
        [0, 1, 7, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ulong.MaxValue, ulong.MaxValue - 7];

    /// <summary>A copy with one to eight damages, which may be shorter or longer.</summary>
    /// <param name="parts">Where to damage it; anywhere where there are none.</param>
    public static byte[] Of(byte[] good, IReadOnlyList<Range> parts, Random random)
    {
        byte[] bytes = (byte[])good.Clone();
        for (int count = random.Next(1, 9); count > 0; count--)
        {
            (int start, int length) = parts.Count == 0 ? (0, bytes.Length) : parts[random.Next(parts.Count)].GetOffsetAndLength(good.Length);
            length = Math.Min(length, bytes.Length - start);
            if (length > 0)
                One(bytes.AsSpan(start, length), random);
        }

        return random.Next(16) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    public static void One(Span<byte> part, Random random)
    {
        Span<byte> place = part[random.Next(part.Length)..];
        switch (random.Next(7))
        {
            case 0:
                place[0] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                place[0] = s_telling[random.Next(s_telling.Length)];
                break;
            case 2:
                place[..Math.Min(place.Length, random.Next(1, 9))].Fill(s_telling[random.Next(s_telling.Length)]);
                break;
            case 3:
                random.NextBytes(place[..Math.Min(place.Length, random.Next(1, 5))]);
                break;
            case 4:
                Number(place, random);
                break;
            case 5:
                // A piece of it at another place.
                Span<byte> from = part[random.Next(part.Length)..];
                int length = Math.Min(Math.Min(from.Length, place.Length), random.Next(1, 33));
                from[..length].ToArray().CopyTo(place);
                break;
            default:
                place[0] = unchecked((byte)(place[0] + random.Next(-3, 4)));
                break;
        }
    }

    private static void Number(Span<byte> place, Random random)
    {
        ulong number = s_numbers[random.Next(s_numbers.Length)];
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        int length = Math.Min(place.Length, 1 << random.Next(4));
        bytes[..length].CopyTo(place);
    }
}
