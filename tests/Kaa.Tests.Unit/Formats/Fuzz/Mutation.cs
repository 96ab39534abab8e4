using Kaa.Formats;

namespace Kaa.Tests.Unit.Formats.Fuzz;

/// <summary>Damages good input in many ways, always the same ones, and watches what a parser makes of it.</summary>
internal static class Mutation
{
    /// <summary>What one parse may allocate: far more than any of the inputs here is worth.</summary>
    private const long AllowedAllocation = 32 << 20;

    private static readonly byte[] s_telling = [0, 1, 0x7f, 0x80, 0xfe, 0xff, (byte)'\n', (byte)' ', (byte)'0', (byte)'-', (byte)'/'];

    /// <summary>
    /// Runs <paramref name="parse"/> on damaged copies of <paramref name="good"/>. It may end, or throw <see cref="BadData"/> or
    /// <see cref="TargetFault"/>; anything else, or a huge allocation, fails the test with the number of the round.
    /// </summary>
    /// <returns>How many rounds were refused and how many were not.</returns>
    public static (int Refused, int Accepted) Run(byte[] good, int rounds, Action<byte[]> parse, Range? damaged = null)
    {
        (int start, int length) = (damaged ?? Range.All).GetOffsetAndLength(good.Length);
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = Damage(good, new Random(round), start, length, damaged is null);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                parse(bytes);
            }
            catch (Exception exception) when (exception is BadData or TargetFault)
            {
                refused++;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"round {round}", exception);
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(AllowedAllocation, $"round {round}");
        }

        return (refused, rounds - refused);
    }

    /// <summary>The damaged copy of a round, for what can't be given as bytes.</summary>
    public static byte[] Damaged(byte[] good, int round) => Damage(good, new Random(round), 0, good.Length, mayCut: true);

    private static byte[] Damage(byte[] good, Random random, int start, int length, bool mayCut)
    {
        byte[] bytes = mayCut && random.Next(8) == 0 ? good[..random.Next(good.Length + 1)] : (byte[])good.Clone();
        length = Math.Min(length, bytes.Length - start);
        if (length <= 0)
            return bytes;
        for (int count = random.Next(1, 6); count > 0; count--)
        {
            Span<byte> place = bytes.AsSpan(start + random.Next(length));
            switch (random.Next(4))
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
                default:
                    random.NextBytes(place[..Math.Min(place.Length, random.Next(1, 5))]);
                    break;
            }
        }

        return bytes;
    }
}
