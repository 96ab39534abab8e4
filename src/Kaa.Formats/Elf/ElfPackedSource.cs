using System.IO.Compression;
using Kaa.Formats.Compression;

namespace Kaa.Formats.Elf;

/// <summary>
/// A compressed section, unpacked from its start as far as it is asked for. The pieces that were wanted last are kept; for one that was
/// let go of, it is unpacked once more from the start, and after a few such times everything is kept.
/// </summary>
internal sealed class ElfPackedSource : ElfSource
{
    private const int PieceSize = 64 << 10;

    /// <summary>
    /// Pieces that are kept, by how often it was begun afresh: 256 KiB for who goes forwards only, 32 MiB for who must go back (files that dwz
    /// made smaller), in the end all. So the whole is unpacked four times at the most.
    /// </summary>
    private static readonly int[] s_kept = [4, 512, 512, int.MaxValue];

    private readonly ElfRange _stored;
    private readonly ulong _dataStart;
    private readonly ElfSection _section;
    private readonly bool _isZstd;
    private readonly byte[]?[] _pieces;
    private readonly Queue<int> _kept = [];
    private Stream? _unpacker;
    private int _next;
    private int _restarts;
    private BadData? _damage;

    /// <summary>How many pieces come before the damage.</summary>
    private int _whole = int.MaxValue;

    /// <param name="stored">The section as it is in the file.</param>
    /// <param name="dataStart">Where in it the compressed data begins.</param>
    /// <param name="size">Of the unpacked section, as the file claims.</param>
    public ElfPackedSource(ElfRange stored, ulong dataStart, ulong size, ElfSection section, bool isZstd)
    {
        // What deflate (a bit for 258 bytes at best) and zstd (four bytes for a block of 128 KiB) can't reach is no size.
        ulong most = (stored.Length - dataStart) * (isZstd ? 32_768ul : 1_032ul);
        if (size > Limits.ElfSection || size > most)
            throw Bad(section, $"it can't inflate to {size} bytes");
        (_stored, _dataStart, _section, _isZstd) = (stored, dataStart, section, isZstd);
        Length = (long)size;
        _pieces = new byte[]?[(int)((size + PieceSize - 1) / PieceSize)];
    }

    public override long Length { get; }

    /// <exception cref="BadData">The compressed data is broken, or shorter than it should be.</exception>
    public override int Read(long offset, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length && offset + done < Length)
        {
            long at = offset + done;
            int inPiece = (int)(at % PieceSize);
            int count = Math.Min(Math.Min(buffer.Length - done, PieceSize - inPiece), (int)Math.Min(Length - at, PieceSize));
            Piece((int)(at / PieceSize)).AsSpan(inPiece, count).CopyTo(buffer[done..]);
            done += count;
        }

        return done;
    }

    public override void Dispose()
    {
        _unpacker?.Dispose();
        _unpacker = null;
        base.Dispose();
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", section.Offset, $"{section.Name}: {rule}");

    private byte[] Piece(int index)
    {
        if (_pieces[index] is { } known)
            return known;
        if (index >= _whole)
            throw _damage!;
        if (_unpacker is null || index < _next)
            Start();
        while (_next < index)
            Unpack();
        return Unpack();
    }

    private void Start()
    {
        _restarts += _unpacker is null ? 0 : 1;
        _unpacker?.Dispose();
        _next = 0;
        var packed = new ElfRangeStream(_stored, _dataStart);
        _unpacker = _isZstd ? new ZstdStream(packed, Length) : new ZLibStream(packed, CompressionMode.Decompress);
    }

    /// <summary>The next piece, which may be known from a run before.</summary>
    private byte[] Unpack()
    {
        byte[] piece = _pieces[_next] ?? Room();
        int wanted = (int)Math.Min(Length - ((long)_next * PieceSize), PieceSize);
        try
        {
            if (_unpacker!.ReadAtLeast(piece.AsSpan(0, wanted), wanted, throwOnEndOfStream: false) < wanted)
                throw Damage($"it inflates to fewer than {Length} bytes");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Damage("its compressed data is broken");
        }

        if (_pieces[_next] is null)
            _kept.Enqueue(_next);
        _pieces[_next++] = piece;
        return piece;
    }

    private BadData Damage(string rule)
    {
        _whole = _next;
        return _damage = Bad(_section, rule);
    }

    // In the order in which they were unpacked: who reads goes forwards.
    private byte[] Room()
    {
        if (_kept.Count < s_kept[Math.Min(_restarts, s_kept.Length - 1)])
            return GC.AllocateUninitializedArray<byte>(PieceSize);
        int oldest = _kept.Dequeue();
        byte[] piece = _pieces[oldest]!;
        _pieces[oldest] = null;
        return piece;
    }
}
