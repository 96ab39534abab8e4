using Kaa.Formats.Compression;

namespace Kaa.Formats.Elf;

/// <summary>Unpacks a section, forwards only.</summary>
internal abstract class ElfUnpacker : IDisposable
{
    /// <summary>Fills the buffer; fewer bytes only at the end.</summary>
    /// <exception cref="InvalidDataException">The data is broken.</exception>
    public abstract int Read(Span<byte> buffer);

    /// <summary>Another one that goes on from here; null where that can't be had.</summary>
    public virtual ElfUnpacker? Copy() => null;

    public abstract void Dispose();
}

/// <summary>One without copies: libzstd has none.</summary>
internal sealed class ElfZstdUnpacker(ElfRange stored, ulong start, long length) : ElfUnpacker
{
    private readonly ZstdStream _stream = new(new ElfRangeStream(stored, start), length);

    public override int Read(Span<byte> buffer) => _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);

    public override void Dispose() => _stream.Dispose();
}
