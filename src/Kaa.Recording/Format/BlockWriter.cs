using System.Buffers.Binary;
using Kaa.Formats.Compression;

namespace Kaa.Recording.Format;

/// <summary>Writes blocks whole, each in one piece, so that whoever reads along finds whole ones or an end.</summary>
public sealed class BlockWriter
{
    private readonly Stream _stream;
    private const int LeastPacked = 256;

    private readonly ByteSink _packed = new();
    private readonly byte[] _header = new byte[RecordingFormat.HeaderSize];

    /// <exception cref="IOException">The stream takes no more.</exception>
    public BlockWriter(Stream stream)
    {
        _stream = stream;
        RecordingFormat.Magic.CopyTo(_header);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(8), RecordingFormat.Version);
        _stream.Write(_header);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; } = RecordingFormat.HeaderSize;

    /// <exception cref="IOException">The stream takes no more.</exception>
    public void Write(BlockKind kind, ReadOnlySpan<byte> content)
    {
        Span<byte> header = _header.AsSpan(0, RecordingFormat.BlockHeaderSize);
        header.Clear();
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], RecordingFormat.Checksum(kind, content));
        _stream.Write(header);
        _stream.Write(content);
        Length += header.Length + content.Length;
    }

    /// <summary>As <see cref="Write"/>, in less room where that can be done.</summary>
    /// <exception cref="IOException">The stream takes no more.</exception>
    public void WritePacked(BlockKind kind, ReadOnlySpan<byte> content)
    {
        if (content.Length >= LeastPacked)
        {
            _packed.Clear();
            _packed.U8((byte)kind);
            _packed.Uleb(content.Length);
            _packed.Advance(Lz4Block.Pack(content, _packed.Room(Lz4Block.MostPacked(content.Length))));
            if (_packed.Length < content.Length)
            {
                Write(BlockKind.Packed, _packed.Written);
                return;
            }
        }

        Write(kind, content);
    }

    public void Flush() => _stream.Flush();
}
