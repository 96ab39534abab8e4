using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>Elf64_Phdr: link-time addresses, offsets and sizes in bytes.</summary>
public readonly record struct ElfProgramHeader(
    ElfSegmentType Type, ElfSegmentFlags Flags, ulong Offset, ulong VirtualAddress, ulong FileSize, ulong MemorySize, ulong Alignment)
{
    public const int Size = 56;

    /// <summary>Reads one; <paramref name="bytes"/> has at least <see cref="Size"/> bytes.</summary>
    public static ElfProgramHeader Parse(ReadOnlySpan<byte> bytes) => new(
        (ElfSegmentType)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (ElfSegmentFlags)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        bytes.PointerAt(8),
        bytes.PointerAt(16),
        bytes.PointerAt(32),
        bytes.PointerAt(40),
        bytes.PointerAt(48));

    internal static ElfProgramHeader[] ParseAll(ReadOnlySpan<byte> bytes)
    {
        var headers = new ElfProgramHeader[bytes.Length / Size];
        for (int i = 0; i < headers.Length; i++)
            headers[i] = Parse(bytes[(i * Size)..]);
        return headers;
    }
}

/// <summary>A PT_LOAD segment where it lies in memory.</summary>
/// <param name="Start">First address, as the header says, not rounded to a page.</param>
/// <param name="FileSize">How much of it came from the file.</param>
/// <param name="MemorySize">What is beyond <paramref name="FileSize"/> began as zeros (<c>.bss</c>).</param>
/// <param name="FileOffset">Where its bytes are in the file.</param>
public readonly record struct ElfSegment(Address Start, ulong FileSize, ulong MemorySize, ulong FileOffset, ElfSegmentFlags Flags)
{
    public Address End => Start + MemorySize;

    public bool Contains(Address address) => address >= Start && address < End;
}
