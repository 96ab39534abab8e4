using System.Buffers.Binary;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Cores;

/// <summary>One PT_LOAD of a core that is to be written.</summary>
/// <param name="MemorySize">Bytes in memory.</param>
/// <param name="FileSize">Bytes of those, from the start, that the core has; a multiple of the page size.</param>
public readonly record struct CoreSegment(Address Start, ulong MemorySize, ulong FileSize, ElfSegmentFlags Flags);

/// <summary>
/// Where everything stands in a core that is to be written, in the order of the file: header, program headers, notes, then each segment's bytes on a page of
/// its own. All of it is known before the first byte of memory is, so a core can be written to a pipe.
/// </summary>
public sealed class CoreLayout
{
    private const int PageSize = 4096;
    private const ushort Core = 4; // ET_CORE
    private const ushort Machine = 62; // EM_X86_64

    private readonly IReadOnlyList<CoreSegment> _segments;
    private readonly byte[] _notes;

    public CoreLayout(IReadOnlyList<CoreSegment> segments, byte[] notes)
    {
        _segments = segments;
        _notes = notes;
        Offsets = new long[segments.Count];
        ulong offset = Align(NotesOffset + (ulong)notes.Length);
        for (int i = 0; i < segments.Count; i++)
        {
            Offsets[i] = (long)offset;
            offset += Align(segments[i].FileSize);
        }

        Length = (long)offset;
    }

    /// <summary>Of each segment's first byte.</summary>
    public long[] Offsets { get; }

    /// <summary>Of the whole file.</summary>
    public long Length { get; }

    private bool HasManyHeaders => _segments.Count + 1 >= ElfHeader.ManyProgramHeaders;

    private ulong SectionOffset => ElfHeader.Size + (ulong)(_segments.Count + 1) * ElfProgramHeader.Size;

    private ulong NotesOffset => SectionOffset + (HasManyHeaders ? (ulong)ElfSection.HeaderSize : 0);

    /// <summary>Everything in front of the first segment's bytes.</summary>
    public byte[] Head()
    {
        byte[] head = new byte[Align(NotesOffset + (ulong)_notes.Length)];
        WriteHeader(head);
        WriteProgramHeader(head.AsSpan(ElfHeader.Size), ElfSegmentType.Note, ElfSegmentFlags.None, NotesOffset, default, (ulong)_notes.Length, 0, 4);
        for (int i = 0; i < _segments.Count; i++)
        {
            CoreSegment segment = _segments[i];
            WriteProgramHeader(
                head.AsSpan(ElfHeader.Size + (i + 1) * ElfProgramHeader.Size), ElfSegmentType.Load, segment.Flags,
                (ulong)Offsets[i], segment.Start, segment.FileSize, segment.MemorySize, PageSize);
        }

        // The only section there is: its sh_info holds the count that the header can't (PN_XNUM).
        if (HasManyHeaders)
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan((int)SectionOffset + 44), (uint)_segments.Count + 1);
        _notes.CopyTo(head.AsSpan((int)NotesOffset));
        return head;
    }

    private void WriteHeader(Span<byte> head)
    {
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0];
        identity.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head[16..], Core);
        BinaryPrimitives.WriteUInt16LittleEndian(head[18..], Machine);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(head[32..], ElfHeader.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(head[52..], ElfHeader.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(head[54..], ElfProgramHeader.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(head[56..], (ushort)(HasManyHeaders ? ElfHeader.ManyProgramHeaders : _segments.Count + 1));
        if (!HasManyHeaders)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(head[40..], SectionOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(head[58..], ElfSection.HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(head[60..], 1);
    }

    private static void WriteProgramHeader(
        Span<byte> place, ElfSegmentType type, ElfSegmentFlags flags, ulong offset, Address address, ulong fileSize, ulong memorySize, ulong alignment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(place, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(place[4..], (uint)flags);
        BinaryPrimitives.WriteUInt64LittleEndian(place[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(place[16..], address.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(place[32..], fileSize);
        BinaryPrimitives.WriteUInt64LittleEndian(place[40..], memorySize);
        BinaryPrimitives.WriteUInt64LittleEndian(place[48..], alignment);
    }

    private static ulong Align(ulong offset) => (offset + PageSize - 1) & ~(ulong)(PageSize - 1);
}
