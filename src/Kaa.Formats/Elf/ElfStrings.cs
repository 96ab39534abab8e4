using System.Buffers;
using System.Text;

namespace Kaa.Formats.Elf;

/// <summary>A string table of a file, read in pieces.</summary>
internal sealed class ElfStrings(ElfRange range)
{
    private const int PieceSize = 64 << 10;

    /// <summary>The string at an offset, at most <see cref="Limits.SymbolName"/> bytes of it; empty beyond the end.</summary>
    public string At(ulong offset)
    {
        if (offset >= range.Length)
            return "";
        Span<byte> bytes = stackalloc byte[256];
        int end = ReadTo(offset, ref bytes);
        if (end < 0 && (ulong)bytes.Length < range.Length - offset)
        {
            bytes = new byte[Limits.SymbolName];
            end = ReadTo(offset, ref bytes);
        }

        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>
    /// Every offset at which one of the names begins → its index. There may be several: linkers share the tails of longer strings,
    /// but not always.
    /// </summary>
    public Dictionary<ulong, int> OffsetsOf(IReadOnlyList<string> names)
    {
        var offsets = new Dictionary<ulong, int>();
        byte[][] wanted = new byte[names.Count][];
        int longest = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            wanted[i] = Encoding.UTF8.GetBytes(names[i] + "\0");
            ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted[i].Length, Limits.SymbolName, nameof(names));
            ArgumentException.ThrowIfNullOrEmpty(names[i], nameof(names));
            longest = Math.Max(longest, wanted[i].Length);
        }

        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize + longest);
        try
        {
            for (ulong start = 0; start < range.Length; start += PieceSize)
            {
                Span<byte> bytes = piece.AsSpan(0, (int)Math.Min((ulong)(PieceSize + longest), range.Length - start));
                range.ReadExactly(start, bytes);
                for (int i = 0; i < wanted.Length; i++)
                    Collect(bytes, wanted[i], start, i, offsets);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        return offsets;
    }

    private static void Collect(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name, ulong start, int index, Dictionary<ulong, int> offsets)
    {
        // Pieces overlap, so a name on a border is met in both: the dictionary takes it once.
        for (int from = 0; bytes[from..].IndexOf(name) is >= 0 and int at; from += at + 1)
            offsets[start + (ulong)(from + at)] = index;
    }

    private int ReadTo(ulong offset, ref Span<byte> bytes)
    {
        bytes = bytes[..(int)Math.Min((ulong)bytes.Length, range.Length - offset)];
        range.ReadExactly(offset, bytes);
        return bytes.IndexOf((byte)0);
    }
}
