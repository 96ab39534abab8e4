using System.Buffers;
using System.Text;

namespace Kaa.Formats.Elf;

/// <summary>A string table of a file, read in pieces.</summary>
internal sealed class ElfStrings
{
    private const int PieceSize = 64 << 10;

    private readonly ElfSource _source;
    private readonly ElfSection _section;

    public ElfStrings(ElfSource source, ElfSection section)
    {
        if (!section.HasContent || !source.Holds(section.Offset, section.Size))
            throw new BadData("ELF", unchecked((long)section.Offset), $"{section.Name} does not lie in the file");
        _source = source;
        _section = section;
    }

    /// <summary>The string at an offset, at most <see cref="Limits.SymbolName"/> bytes of it; empty beyond the end.</summary>
    public string At(uint offset)
    {
        if (offset >= _section.Size)
            return "";
        Span<byte> bytes = stackalloc byte[256];
        int end = ReadTo(offset, ref bytes);
        if (end < 0 && (ulong)bytes.Length < _section.Size - offset)
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
    public Dictionary<uint, int> OffsetsOf(IReadOnlyList<string> names)
    {
        var offsets = new Dictionary<uint, int>();
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
            for (ulong start = 0; start < _section.Size; start += PieceSize)
            {
                Span<byte> bytes = piece.AsSpan(0, (int)Math.Min((ulong)(PieceSize + longest), _section.Size - start));
                _source.ReadExactly(_section.Offset + start, bytes);
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

    private static void Collect(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name, ulong start, int index, Dictionary<uint, int> offsets)
    {
        // Pieces overlap, so a name on a border is met in both: the dictionary takes it once.
        for (int from = 0; bytes[from..].IndexOf(name) is >= 0 and int at; from += at + 1)
        {
            if (start + (ulong)(from + at) <= uint.MaxValue)
                offsets[(uint)(start + (ulong)(from + at))] = index;
        }
    }

    private int ReadTo(uint offset, ref Span<byte> bytes)
    {
        bytes = bytes[..(int)Math.Min((ulong)bytes.Length, _section.Size - offset)];
        _source.ReadExactly(_section.Offset + offset, bytes);
        return bytes.IndexOf((byte)0);
    }
}
