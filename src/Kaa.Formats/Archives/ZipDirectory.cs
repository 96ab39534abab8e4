using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Kaa.Formats.Archives;

/// <summary>
/// Reads members of a zip file by name (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4). Something else may stand in front, as the
/// first line of a zipapp or pex does, whether or not the offsets count it. Throws <see cref="BadData"/> where the rules are broken.
/// </summary>
public sealed class ZipDirectory : IDisposable
{
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;
    private const int EntryLength = 46;
    private const int LocalLength = 30;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int Stored = 0;
    private const int Deflated = 8;

    private readonly Stream _file;
    private readonly byte[] _directory;

    /// <summary>Where the zip begins in the file, as far as its offsets do not count what stands in front.</summary>
    private readonly long _shift;

    private ZipDirectory(Stream file, byte[] directory, long shift)
    {
        _file = file;
        _directory = directory;
        _shift = shift;
    }

    /// <summary>Takes the stream over; null, and the stream closed, where it is no zip file.</summary>
    public static ZipDirectory? Open(Stream file)
    {
        long length = file.Length;
        byte[] tail = ReadAt(file, Math.Max(0, length - EndLength - ushort.MaxValue), (int)Math.Min(length, EndLength + ushort.MaxValue));
        int end = FindEnd(tail);
        if (end < 0)
        {
            file.Dispose();
            return null;
        }

        (long size, long offset, int before) = Extent(tail, end);
        long start = length - tail.Length + end - before - size;
        if (start < 0 || offset > start || size > Limits.ZipDirectory)
            throw new BadData("zip", end, "the directory lies outside of the file, or is beyond the limit");
        return new ZipDirectory(file, ReadAt(file, start, (int)size), start - offset);
    }

    /// <summary>The bytes of a member; null where there is none of that name, or it is longer than <paramref name="limit"/>.</summary>
    /// <param name="name">With slashes, without one in front.</param>
    public byte[]? Read(string name, int limit)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(name);
        int at = 0;
        while (at + EntryLength <= _directory.Length)
        {
            ReadOnlySpan<byte> entry = _directory.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature)
                throw new BadData("zip", at, "an entry of the directory without its signature");
            int nameLength = UInt16(entry, 28);
            int extraLength = UInt16(entry, 30);
            int next = EntryLength + nameLength + extraLength + UInt16(entry, 32);
            if (next > entry.Length)
                throw new BadData("zip", at, "an entry of the directory ends beyond it");
            if (entry.Slice(EntryLength, nameLength).SequenceEqual(wanted))
                return ReadMember(entry, entry.Slice(EntryLength + nameLength, extraLength), limit);
            at += next;
        }

        return null;
    }

    public void Dispose() => _file.Dispose();

    private byte[]? ReadMember(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra, int limit)
    {
        int method = UInt16(entry, 10);
        uint packed = UInt32(entry, 20);
        uint size = UInt32(entry, 24);
        if (size > limit || packed > limit)
            return null;
        long local = LocalOffset(UInt32(entry, 42), extra) + _shift;
        if (local < 0 || local > _file.Length - LocalLength)
            throw new BadData("zip", local, "a member lies outside of the file");
        byte[] header = ReadAt(_file, local, LocalLength);
        if (UInt32(header, 0) != LocalSignature)
            throw new BadData("zip", local, "a member without its signature");
        byte[] data = ReadAt(_file, local + LocalLength + UInt16(header, 26) + UInt16(header, 28), (int)packed);
        return method switch
        {
            Stored => data,
            Deflated => Inflate(data, (int)size),
            _ => throw new BadData("zip", local, "a member that is neither stored nor deflated"),
        };
    }

    /// <summary>Section 4.5.3: values that do not fit follow in the extra field 1, in order, those that fit being left out.</summary>
    private static long LocalOffset(uint offset, ReadOnlySpan<byte> extra)
    {
        if (offset != uint.MaxValue)
            return offset;
        while (extra.Length >= 4)
        {
            int length = UInt16(extra, 2);
            if (length > extra.Length - 4)
                break;
            if (UInt16(extra, 0) == 1 && length >= 8)
                return BinaryPrimitives.ReadInt64LittleEndian(extra[4..]);
            extra = extra[(4 + length)..];
        }

        throw new BadData("zip", 0, "a member's offset is missing");
    }

    private static byte[] Inflate(byte[] data, int size)
    {
        var result = new byte[size];
        try
        {
            using var inflater = new DeflateStream(new MemoryStream(data), CompressionMode.Decompress);
            inflater.ReadExactly(result);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new BadData("zip", 0, "a member that can't be inflated");
        }

        return result;
    }

    private static int FindEnd(byte[] tail)
    {
        for (int at = tail.Length - EndLength; at >= 0; at--)
        {
            if (UInt32(tail, at) == EndSignature)
                return at;
        }

        return -1;
    }

    /// <summary>Size and offset of the directory, and how many bytes lie between its end and the end record.</summary>
    private static (long Size, long Offset, int Before) Extent(byte[] tail, int end)
    {
        uint size = UInt32(tail, end + 12);
        uint offset = UInt32(tail, end + 16);
        int end64 = end - Locator64Length - End64Length;
        bool large = size == uint.MaxValue || offset == uint.MaxValue || UInt16(tail, end + 10) == ushort.MaxValue;
        if (!large || end64 < 0 || UInt32(tail, end64) != End64Signature)
            return (size, offset, 0);
        ReadOnlySpan<byte> record = tail.AsSpan(end64);
        long size64 = BinaryPrimitives.ReadInt64LittleEndian(record[40..]);
        long offset64 = BinaryPrimitives.ReadInt64LittleEndian(record[48..]);
        if (size64 < 0 || offset64 < 0)
            throw new BadData("zip", end64, "the directory has a negative size or offset");
        return (size64, offset64, end - end64);
    }

    private static byte[] ReadAt(Stream file, long offset, int length)
    {
        if (length > file.Length - offset)
            throw new BadData("zip", offset, "the file ends too early");
        var bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
