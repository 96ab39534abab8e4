namespace Kaa.Formats.Elf;

/// <summary>Many small reads of a file that mostly go forward, made by few large ones.</summary>
internal sealed class ElfWindow(ElfSource source)
{
    private const int Size = 64 << 10;

    private byte[] _bytes = [];
    private ulong _start;
    private int _length;

    /// <exception cref="BadData">The file ends before.</exception>
    public void ReadExactly(ulong offset, Span<byte> buffer)
    {
        if (buffer.Length > Size)
        {
            source.ReadExactly(offset, buffer);
            return;
        }

        if (offset < _start || offset - _start > (ulong)_length || (ulong)buffer.Length > (ulong)_length - (offset - _start))
            Fill(offset, buffer.Length);
        _bytes.AsSpan((int)(offset - _start), buffer.Length).CopyTo(buffer);
    }

    private void Fill(ulong offset, int wanted)
    {
        if (!source.Holds(offset, (ulong)wanted))
            throw new BadData("ELF", offset, $"the file ends before {wanted} bytes more");
        if (_bytes.Length == 0)
            _bytes = GC.AllocateUninitializedArray<byte>(Size);
        (_start, _length) = (offset, 0);
        _length = source.Read((long)offset, _bytes);
        if (_length < wanted)
            throw new BadData("ELF", offset, $"the file ends before {wanted} bytes more");
    }
}
