namespace Kaa.Formats.Elf;

/// <summary>The bytes of one section, read from the file when they are wanted.</summary>
internal sealed class ElfRange
{
    private readonly ElfSource _source;
    private readonly ulong _start;
    private readonly string _name;

    /// <exception cref="BadData">The range does not lie in the file.</exception>
    public ElfRange(ElfSource source, ulong start, ulong length, string name)
    {
        if (!source.Holds(start, length))
            throw new BadData("ELF", start, $"{name} does not lie in the file");
        _source = source;
        _start = start;
        Length = length;
        _name = name;
    }

    public ulong Length { get; }

    public static ElfRange Empty { get; } = new(new ElfMemorySource(default), 0, 0, "");

    /// <exception cref="BadData">The section ends before.</exception>
    public void ReadExactly(ulong offset, Span<byte> buffer)
    {
        if (offset > Length || (ulong)buffer.Length > Length - offset)
            throw new BadData(_name, offset, $"the section ends before {buffer.Length} bytes more");
        _source.ReadExactly(_start + offset, buffer);
    }

    /// <exception cref="BadData">The section ends before: nothing is allocated then.</exception>
    public byte[] ReadBytes(ulong offset, ulong length)
    {
        if (offset > Length || length > Length - offset)
            throw new BadData(_name, offset, $"the section ends before {length} bytes more");
        return _source.ReadBytes(_start + offset, length);
    }
}
