namespace Kaa.Formats.Elf;

/// <summary>
/// A compressed section, unpacked from its start as far as it is asked for. The pieces that were unpacked last are kept. For one that was let go
/// of, it is unpacked once more, from the last mark before it (zlib) or from the start (zstd); who does that often has more and more kept.
/// </summary>
internal sealed class ElfPackedSource : ElfSource
{
    private const int PieceSize = 64 << 10;

    /// <summary>Pieces between two marks, and the most marks that are made: 3 MiB of them.</summary>
    private const int MarkEvery = 16;
    private const int MostMarks = 64;

    /// <summary>
    /// Pieces that are kept: 256 KiB for who goes forwards only, 4 MiB for who goes back, 32 MiB for who had as much unpacked again as there is, in
    /// the end (files that dwz made smaller) all. So the whole is unpacked a few times at the most.
    /// </summary>
    private static readonly int[] s_kept = [4, 64, 512, int.MaxValue];

    private readonly ElfRange _stored;
    private readonly ulong _dataStart;
    private readonly ElfSection _section;
    private readonly bool _isZstd;
    private readonly byte[]?[] _pieces;
    private readonly Queue<int> _kept = [];
    private readonly List<ElfUnpacker> _marks = [];
    private readonly int _markEvery;
    private ElfUnpacker? _unpacker;
    private int _next;

    /// <summary>How many pieces have been unpacked at least once, and how often one was that had been before.</summary>
    private int _reached;
    private long _again;
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
        _markEvery = Math.Max(MarkEvery, _pieces.Length / MostMarks);
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
        foreach (ElfUnpacker mark in _marks)
            mark.Dispose();
        _marks.Clear();
        base.Dispose();
    }

    private static BadData Bad(ElfSection section, string rule) => new("ELF", section.Offset, $"{section.Name}: {rule}");

    private byte[] Piece(int index)
    {
        if (_pieces[index] is { } known)
            return known;
        if (index >= _whole)
            throw _damage!;
        int marks = Math.Min(index / _markEvery, _marks.Count);
        if (_unpacker is null || index < _next || marks * _markEvery > _next)
            Start(marks);
        while (_next < index)
            Unpack();
        return Unpack();
    }

    /// <summary>Begins behind as many marks; the first is behind as many pieces as lie between two.</summary>
    private void Start(int marks)
    {
        _unpacker?.Dispose();
        _unpacker = marks > 0 ? _marks[marks - 1].Copy() : FromStart();
        _next = marks * _markEvery;
    }

    private ElfUnpacker FromStart() =>
        _isZstd ? new ElfZstdUnpacker(_stored, _dataStart, Length) : new ElfInflater(_stored, _dataStart);

    private void Mark()
    {
        if (_next == (_marks.Count + 1) * _markEvery && _unpacker!.Copy() is { } mark)
            _marks.Add(mark);
    }

    /// <summary>The next piece, which may be known from a run before.</summary>
    private byte[] Unpack()
    {
        byte[] piece = _pieces[_next] ?? Room();
        int wanted = (int)Math.Min(Length - ((long)_next * PieceSize), PieceSize);
        try
        {
            if (_unpacker!.Read(piece.AsSpan(0, wanted)) < wanted)
                throw Damage($"it inflates to fewer than {Length} bytes");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Damage("its compressed data is broken");
        }

        if (_pieces[_next] is null)
            _kept.Enqueue(_next);
        _pieces[_next++] = piece;
        _again += _next <= _reached ? 1 : 0;
        _reached = Math.Max(_reached, _next);
        Mark();
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
        if (_kept.Count < s_kept[_again == 0 ? 0 : (int)Math.Min(1 + (_again / _pieces.Length), s_kept.Length - 1)])
            return GC.AllocateUninitializedArray<byte>(PieceSize);
        int oldest = _kept.Dequeue();
        byte[] piece = _pieces[oldest]!;
        _pieces[oldest] = null;
        return piece;
    }
}
