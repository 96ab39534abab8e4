using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>One entry of a PT_NOTE segment or SHT_NOTE section, its content still in place.</summary>
public readonly ref struct ElfNote(ReadOnlySpan<byte> name, uint type, ReadOnlySpan<byte> content)
{
    /// <summary>Without its NUL.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;

    public uint Type { get; } = type;

    public ReadOnlySpan<byte> Content { get; } = content;
}

/// <summary>Walks Elf64_Nhdr entries. A cut or overlong one ends the walk, as what follows can't be found then.</summary>
public ref struct ElfNotes(ReadOnlySpan<byte> bytes, int alignment)
{
    /// <summary>NT_GNU_BUILD_ID.</summary>
    private const uint BuildIdType = 3;

    private const int HeaderSize = 12;

    private ReadOnlySpan<byte> _rest = bytes;

    // .note.gnu.property is aligned to 8 (and its segment says so); all others to 4, whatever p_align says.
    private readonly int _alignment = alignment == 8 ? 8 : 4;

    public bool TryNext(out ElfNote note)
    {
        note = default;
        if (_rest.Length < HeaderSize)
            return false;
        uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        uint contentSize = BinaryPrimitives.ReadUInt32LittleEndian(_rest[4..]);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(_rest[8..]);
        long contentStart = Align(HeaderSize + (long)nameSize);
        if (contentStart + contentSize > _rest.Length)
            return false;
        note = new ElfNote(_rest.Slice(HeaderSize, (int)nameSize).TrimEnd((byte)0), type, _rest.Slice((int)contentStart, (int)contentSize));
        _rest = _rest[(int)Math.Min(Align(contentStart + contentSize), _rest.Length)..];
        return true;
    }

    /// <summary>The content of the first GNU build-id note; null where there is none.</summary>
    public static byte[]? FindBuildId(ReadOnlySpan<byte> bytes, int alignment)
    {
        var notes = new ElfNotes(bytes, alignment);
        while (notes.TryNext(out ElfNote note))
        {
            if (note.Type == BuildIdType && note.Name.SequenceEqual("GNU"u8) && !note.Content.IsEmpty)
                return note.Content.ToArray();
        }

        return null;
    }

    private readonly long Align(long offset) => (offset + _alignment - 1) & -_alignment;
}
