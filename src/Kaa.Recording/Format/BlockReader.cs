using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Formats.Compression;

namespace Kaa.Recording.Format;

/// <summary>Reads blocks one after the other, from a stream that can be read again from its start.</summary>
public sealed class BlockReader
{
    private const string Format = "recording";

    private readonly Stream _stream;
    private byte[] _content = [];
    private byte[] _unpacked = [];

    /// <exception cref="BadData">No recording, or one of a version that is not known.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public BlockReader(Stream stream)
    {
        _stream = stream;
        Rewind();
    }

    public BlockKind Kind { get; private set; }

    /// <summary>Of the current block; until the next one is read.</summary>
    public ReadOnlyMemory<byte> Content { get; private set; }

    /// <summary>Why there are no more blocks before the file's end; null where there is none but that end.</summary>
    public string? Damage { get; private set; }

    public void Rewind()
    {
        _stream.Position = 0;
        Damage = null;
        Span<byte> header = stackalloc byte[RecordingFormat.HeaderSize];
        if (_stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !header.StartsWith(RecordingFormat.Magic))
            throw new BadData(Format, 0, "it does not begin as a recording of kaa mem does");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version is < RecordingFormat.OldestVersion or > RecordingFormat.Version)
            throw new BadData(Format, 8, $"version {version} of the format, which this Kaa does not know");
    }

    /// <summary>False at the end, and where the file was cut or is damaged.</summary>
    public bool Next()
    {
        Span<byte> header = stackalloc byte[RecordingFormat.BlockHeaderSize];
        int read = _stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read == 0)
            return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (read < header.Length)
            return Stop("its last block is cut");
        if (length is < 0 or > RecordingFormat.MostBlock)
            return Stop($"a block of {length} bytes");
        if (_content.Length < length)
            _content = new byte[Math.Max(length, _content.Length * 2)];
        if (_stream.ReadAtLeast(_content.AsSpan(0, length), length, throwOnEndOfStream: false) < length)
            return Stop("its last block is cut");
        Content = _content.AsMemory(0, length);
        Kind = (BlockKind)header[0];
        if (RecordingFormat.Checksum(Kind, Content.Span) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
            return Stop("a block whose checksum is wrong");
        return Kind != BlockKind.Packed || TryUnpack() || Stop("a packed block that can't be unpacked");
    }

    private bool TryUnpack()
    {
        var reader = new SpanReader(Content.Span, Format);
        try
        {
            Kind = (BlockKind)reader.U8();
            ulong length = reader.Uleb();
            if (length > RecordingFormat.MostBlock || Kind == BlockKind.Packed)
                return false;
            if (_unpacked.Length < (int)length)
                _unpacked = new byte[Math.Max((int)length, Math.Min(_unpacked.Length * 2, RecordingFormat.MostBlock))];
            bool isWhole = Lz4Block.TryUnpack(Content.Span[reader.Position..], _unpacked.AsSpan(0, (int)length));
            Content = _unpacked.AsMemory(0, (int)length);
            return isWhole;
        }
        catch (BadData)
        {
            return false;
        }
    }

    private bool Stop(string damage)
    {
        Damage = damage;
        return false;
    }
}
