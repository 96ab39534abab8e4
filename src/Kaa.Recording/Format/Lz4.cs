using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kaa.Recording.Format;

/// <summary>
/// The LZ4 block format (doc/lz4_Block_format.md of the LZ4 project): sequences of literals and of matches with what came up to 65,535 bytes before. The packer looks at one earlier
/// place with the same four bytes, and takes it: what a program does again and again is found by that.
/// </summary>
internal sealed class Lz4
{
    private const int LeastMatch = 4;
    private const int LastLiterals = 5;
    private const int MatchLimit = 12; // no match begins so near to the end
    private const int Farthest = 65_535;
    private const int HashBits = 14;

    private readonly int[] _places = new int[1 << HashBits];

    /// <summary>Adds the packed form of some bytes to <paramref name="output"/>.</summary>
    public void Pack(ReadOnlySpan<byte> input, ByteSink output)
    {
        Array.Fill(_places, -1);
        int literals = 0;
        int at = 0;
        while (at < input.Length - MatchLimit)
        {
            uint word = Word(input, at);
            ref int place = ref _places[unchecked(word * 2_654_435_761u) >> (32 - HashBits)];
            int earlier = place;
            place = at;
            if (earlier < 0 || at - earlier > Farthest || Word(input, earlier) != word)
            {
                // What does not repeat is gone over in longer and longer steps.
                at += 1 + (at - literals >> 6);
                continue;
            }

            int length = LeastMatch + input[(at + LeastMatch)..(input.Length - LastLiterals)].CommonPrefixLength(input[(earlier + LeastMatch)..]);
            Sequence(input[literals..at], at - earlier, length, output);
            at += length;
            literals = at;
        }

        Sequence(input[literals..], 0, 0, output);
    }

    /// <summary>False where the bytes are not the packed form of exactly as many as there is room for.</summary>
    public static bool TryUnpack(ReadOnlySpan<byte> input, Span<byte> output)
    {
        int read = 0;
        int written = 0;
        while (read < input.Length)
        {
            byte token = input[read++];
            if (!TryLength(input, ref read, token >> 4, out int literals) || literals > input.Length - read || literals > output.Length - written)
                return false;
            input.Slice(read, literals).CopyTo(output[written..]);
            read += literals;
            written += literals;
            if (read == input.Length)
                return written == output.Length;
            if (input.Length - read < 2)
                return false;
            int back = BinaryPrimitives.ReadUInt16LittleEndian(input[read..]);
            read += 2;
            if (!TryLength(input, ref read, token & 15, out int length) || back == 0 || back > written || length > output.Length - written - LeastMatch)
                return false;
            length += LeastMatch;

            // A match may reach into what it makes itself.
            for (int end = written + length; written < end; written++)
                output[written] = output[written - back];
        }

        return false;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => MemoryMarshal.Read<uint>(bytes[at..]);

    private static void Sequence(ReadOnlySpan<byte> literals, int back, int length, ByteSink output)
    {
        int more = back == 0 ? 0 : length - LeastMatch;
        output.U8((byte)(Math.Min(literals.Length, 15) << 4 | Math.Min(more, 15)));
        Length(literals.Length, output);
        output.Bytes(literals);
        if (back == 0)
            return;
        output.U8(unchecked((byte)back));
        output.U8((byte)(back >> 8));
        Length(more, output);
    }

    private static void Length(int length, ByteSink output)
    {
        for (length -= 15; length >= 0; length -= 255)
            output.U8((byte)Math.Min(length, 255));
    }

    private static bool TryLength(ReadOnlySpan<byte> input, ref int read, int length, out int all)
    {
        all = length;
        if (length < 15)
            return true;
        while (read < input.Length && all < RecordingFormat.MostBlock)
        {
            byte more = input[read++];
            all += more;
            if (more < 255)
                return true;
        }

        return false;
    }
}
