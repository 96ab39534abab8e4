namespace Kaa.Formats.Elf;

/// <summary>The bytes of a file, read by offset. Not safe for two threads at once.</summary>
internal abstract class ElfSource : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Copies up to <c>buffer.Length</c> bytes; fewer only at the end of the file.</summary>
    public abstract int Read(long offset, Span<byte> buffer);

    /// <exception cref="BadData">The file ends before.</exception>
    public void ReadExactly(ulong offset, Span<byte> buffer)
    {
        if (!Holds(offset, (ulong)buffer.Length) || Read((long)offset, buffer) != buffer.Length)
            throw new BadData("ELF", offset, $"the file ends before {buffer.Length} bytes more");
    }

    /// <exception cref="BadData">The file ends before: nothing is allocated then.</exception>
    public byte[] ReadBytes(ulong offset, ulong size)
    {
        if (!Holds(offset, size) || size > (ulong)Array.MaxLength)
            throw new BadData("ELF", offset, $"the file ends before {size} bytes more");
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)size);
        ReadExactly(offset, bytes);
        return bytes;
    }

    public bool Holds(ulong offset, ulong size) => offset <= (ulong)Length && size <= (ulong)Length - offset;

    public virtual void Dispose()
    {
    }
}

internal sealed class ElfStreamSource : ElfSource
{
    private readonly Stream _stream;

    public ElfStreamSource(Stream stream)
    {
        _stream = stream;
        Length = stream.Length;
    }

    /// <summary>As it was when the file was opened.</summary>
    public override long Length { get; }

    public override int Read(long offset, Span<byte> buffer)
    {
        try
        {
            _stream.Position = offset;
            return _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (IOException)
        {
            // A stale network file, a disk that fails: as useless to the caller as a broken file.
            throw new BadData("ELF", offset, "the file system can't read it");
        }
    }

    public override void Dispose()
    {
        _stream.Dispose();
        base.Dispose();
    }
}

internal sealed class ElfMemorySource(ReadOnlyMemory<byte> bytes) : ElfSource
{
    public override long Length => bytes.Length;

    public override int Read(long offset, Span<byte> buffer)
    {
        if (offset >= bytes.Length)
            return 0;
        ReadOnlySpan<byte> rest = bytes.Span[(int)offset..];
        int count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        return count;
    }
}
