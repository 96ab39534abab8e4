using System.Buffers.Binary;
using System.Text;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Cores;

/// <summary>Writes a core as the kernel does: header, program headers, notes, memory; or as gdb does, with the notes at the end.</summary>
internal sealed class CoreBuilder
{
    private const int PageSize = 0x1000;

    private readonly List<byte> _notes = [];
    private readonly List<(ulong Address, ulong MemorySize, byte[] Content, ElfSegmentFlags Flags)> _loads = [];

    public ElfType Type { get; set; } = ElfType.Core;

    public ushort Machine { get; set; } = 62;

    public bool NotesAtEnd { get; set; }

    /// <summary>The count of program headers stands in the first section header (PN_XNUM).</summary>
    public bool CountInSection { get; set; }

    public CoreBuilder Note(string name, uint type, byte[] content)
    {
        byte[] text = Encoding.UTF8.GetBytes(name + "\0");
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(header, text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], type);
        _notes.AddRange(header);
        Pad(text);
        Pad(content);
        return this;
    }

    /// <param name="registers">user_regs_struct by index: orig_rax 15, rip 16, rsp 19, fs_base 21.</param>
    public CoreBuilder Thread(int tid, int signal = 0, params (int Index, ulong Value)[] registers)
    {
        byte[] note = new byte[336];
        BinaryPrimitives.WriteInt16LittleEndian(note.AsSpan(12), (short)signal);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(32), tid);
        foreach ((int index, ulong value) in registers)
            BinaryPrimitives.WriteUInt64LittleEndian(note.AsSpan(112 + (index * 8)), value);
        return Note("CORE", 1, note);
    }

    public CoreBuilder Process(int pid, string name, string arguments)
    {
        byte[] note = new byte[136];
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(24), pid);
        Encoding.UTF8.GetBytes(name).CopyTo(note, 40);
        Encoding.UTF8.GetBytes(arguments).CopyTo(note, 56);
        return Note("CORE", 3, note);
    }

    public CoreBuilder Signal(int number, int code, ulong address)
    {
        byte[] note = new byte[128];
        BinaryPrimitives.WriteInt32LittleEndian(note, number);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(8), code);
        BinaryPrimitives.WriteUInt64LittleEndian(note.AsSpan(16), address);
        return Note("CORE", 0x53494749, note);
    }

    public CoreBuilder Auxiliary(params (ulong Key, ulong Value)[] entries) => Note("CORE", 6, AuxiliaryBytes(entries));

    public static byte[] AuxiliaryBytes(params (ulong Key, ulong Value)[] entries)
    {
        byte[] note = new byte[(entries.Length + 1) * 16];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(note.AsSpan(i * 16), entries[i].Key);
            BinaryPrimitives.WriteUInt64LittleEndian(note.AsSpan((i * 16) + 8), entries[i].Value);
        }

        return note;
    }

    /// <param name="files">Offsets in bytes.</param>
    public CoreBuilder Files(params (ulong Start, ulong End, ulong Offset, string Path)[] files)
    {
        var note = new MemoryStream();
        using var writer = new BinaryWriter(note);
        writer.Write((ulong)files.Length);
        writer.Write((ulong)PageSize);
        foreach ((ulong start, ulong end, ulong offset, _) in files)
        {
            writer.Write(start);
            writer.Write(end);
            writer.Write(offset / PageSize);
        }

        foreach ((_, _, _, string path) in files)
            writer.Write(Encoding.UTF8.GetBytes(path + "\0"));
        return Note("CORE", 0x46494c45, note.ToArray());
    }

    /// <param name="content">What was dumped of it; the rest was not.</param>
    public CoreBuilder Load(ulong address, ulong memorySize, byte[] content, ElfSegmentFlags flags = ElfSegmentFlags.Read | ElfSegmentFlags.Write)
    {
        _loads.Add((address, memorySize, content, flags));
        return this;
    }

    public byte[] Build()
    {
        int count = _loads.Count + 1;
        int start = ElfHeader.Size + (count * ElfProgramHeader.Size);
        byte[] notes = [.. _notes];
        int place = start + (NotesAtEnd ? 0 : notes.Length);
        var file = new MemoryStream();
        file.SetLength(start);
        file.Position = place;
        var headers = new List<byte[]>();
        foreach ((ulong address, ulong memorySize, byte[] content, ElfSegmentFlags flags) in _loads)
        {
            headers.Add(ProgramHeader(ElfSegmentType.Load, flags, (ulong)file.Position, address, (ulong)content.Length, memorySize));
            file.Write(content);
        }

        long noteOffset = NotesAtEnd ? file.Position : start;
        headers.Insert(0, ProgramHeader(ElfSegmentType.Note, 0, (ulong)noteOffset, 0, (ulong)notes.Length, 0));
        file.Position = noteOffset;
        file.Write(notes);
        long sections = CountInSection ? WriteSection(file, count) : 0;
        file.Position = 0;
        file.Write(Header(count, sections));
        foreach (byte[] header in headers)
            file.Write(header);
        return file.ToArray();
    }

    private static long WriteSection(MemoryStream file, int count)
    {
        long place = file.Position = file.Length;
        byte[] section = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(44), count);
        file.Write(section);
        return place;
    }

    private byte[] Header(int count, long sections)
    {
        byte[] header = new byte[ElfHeader.Size];
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(16), (ushort)Type);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(18), Machine);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), ElfHeader.Size);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), sections);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(54), ElfProgramHeader.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(56), CountInSection ? (ushort)0xffff : (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(58), 64);
        return header;
    }

    private static byte[] ProgramHeader(ElfSegmentType type, ElfSegmentFlags flags, ulong offset, ulong address, ulong fileSize, ulong memorySize)
    {
        byte[] header = new byte[ElfProgramHeader.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), address);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), fileSize);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(40), memorySize);
        return header;
    }

    private void Pad(byte[] bytes)
    {
        _notes.AddRange(bytes);
        _notes.AddRange(new byte[-bytes.Length & 3]);
    }
}
