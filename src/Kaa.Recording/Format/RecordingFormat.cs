namespace Kaa.Recording.Format;

/// <summary>The outer form of a recording: docs/recording.md.</summary>
public static class RecordingFormat
{
    /// <summary>5: ends may be told by the end before; 4: sizes by how they differ.</summary>
    public const int Version = 5;

    /// <summary>The oldest that is read: 4 is the same without ends that are told so, 3 without <see cref="EventOp.Resized"/>, 2 without <see cref="BlockKind.Modules"/> and <see cref="BlockKind.Symbols"/> either.</summary>
    public const int OldestVersion = 2;

    /// <summary>Magic, version as u32, u32 of zeros.</summary>
    public const int HeaderSize = 16;

    /// <summary>Kind, three bytes of zeros, length and checksum of the content as u32.</summary>
    public const int BlockHeaderSize = 12;

    /// <summary>Bytes of one block's content: what a writer makes is far smaller.</summary>
    public const int MostBlock = 64 << 20;

    public static ReadOnlySpan<byte> Magic => "KaaMem\r\n"u8;

    /// <summary>FNV-1a with 64 bits over the content, eight bytes at a time and the rest one by one, folded to 32 bits; the block's kind comes first.</summary>
    public static uint Checksum(BlockKind kind, ReadOnlySpan<byte> content)
    {
        const ulong Prime = 0x100000001b3; // http://www.isthe.com/chongo/tech/comp/fnv: the 64-bit constants
        ulong hash = unchecked((0xcbf29ce484222325 ^ (byte)kind) * Prime);
        while (content.Length >= 8)
        {
            hash = unchecked((hash ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(content)) * Prime);
            content = content[8..];
        }

        foreach (byte part in content)
            hash = unchecked((hash ^ part) * Prime);
        return unchecked((uint)(hash ^ hash >> 32));
    }
}
