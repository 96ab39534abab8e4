using System.Buffers.Binary;
using System.Text;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Formats.Cores;

/// <summary>
/// Walks the PT_NOTE segments of a core, as the kernel (fs/binfmt_elf.c) and gdb write them. Registers beyond the general ones are passed
/// over. A segment that the file's end cuts gives the notes before the cut.
/// </summary>
internal sealed class CoreNoteReader(ElfSource source)
{
    // include/uapi/linux/elf.h
    private const uint PrStatus = 1;
    private const uint PrPsInfo = 3;
    private const uint Auxiliary = 6;
    private const uint File = 0x46494c45;
    private const uint SigInfo = 0x53494749;

    private const int HeaderSize = 12;

    private readonly ElfWindow _window = new(source);
    private readonly CoreNotes _notes = new();
    private int _count;

    public CoreNotes Read(IReadOnlyList<ElfProgramHeader> headers)
    {
        foreach (ElfProgramHeader header in headers)
        {
            if (header.Type == ElfSegmentType.Note && header.Offset < (ulong)source.Length)
                ReadSegment(header.Offset, Math.Min(header.FileSize, (ulong)source.Length - header.Offset));
        }

        return _notes;
    }

    private void ReadSegment(ulong start, ulong size)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        ulong done = 0;
        while (size - done >= HeaderSize)
        {
            if (++_count > Limits.CoreNotes)
                throw new BadData("core", start + done, $"more than {Limits.CoreNotes} notes");
            _window.ReadExactly(start + done, header);
            uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(header);
            uint contentSize = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            ulong content = done + HeaderSize + Align(nameSize);
            if (content + contentSize > size)
                return;
            Take(BinaryPrimitives.ReadUInt32LittleEndian(header[8..]), start + done + HeaderSize, nameSize, start + content, contentSize);
            done = Math.Min(content + Align(contentSize), size);
        }
    }

    // Names and contents are padded to 4 bytes, whatever p_align says (gABI says 8 for 64-bit files; nobody does so).
    private static ulong Align(uint size) => (size + 3ul) & ~3ul;

    private void Take(uint type, ulong nameOffset, uint nameSize, ulong offset, uint size)
    {
        if (nameSize > Limits.CoreNoteName)
            return;
        Span<byte> bytes = stackalloc byte[(int)nameSize];
        _window.ReadExactly(nameOffset, bytes);
        ReadOnlySpan<byte> name = bytes.TrimEnd((byte)0);
        if (name.SequenceEqual("CORE"u8))
            TakeOwn(type, offset, size, Parse);
        else if (name.SequenceEqual("KAA"u8) && type == KaaNote.Type)
            TakeOwn(type, offset, size, (_, content) => _notes.Kaa ??= KaaNote.Parse(content));
        else if (!name.SequenceEqual("LINUX"u8) && !name.SequenceEqual("GNU"u8) && _notes.VendorList.Count < Limits.CoreVendorNotes)
            _notes.VendorList.Add(new CoreVendorNote(Encoding.UTF8.GetString(name), type, offset, size));
    }

    private void TakeOwn(uint type, ulong offset, uint size, Action<uint, byte[]> parse)
    {
        if (type is not (PrStatus or PrPsInfo or Auxiliary or File or SigInfo or KaaNote.Type))
            return;
        try
        {
            if (size > Limits.CoreNote)
                throw new BadData("core", offset, $"a note of more than {Limits.CoreNote} bytes");
            byte[] content = new byte[size];
            _window.ReadExactly(offset, content);
            parse(type, content);
        }
        catch (BadData damage) when (_notes.DamageList.Count < Limits.CoreDamages)
        {
            // The others may still be good.
            _notes.DamageList.Add(damage);
        }
    }

    private void Parse(uint type, byte[] content)
    {
        switch (type)
        {
            case PrStatus:
                if (_notes.ThreadList.Count >= Limits.CoreThreads)
                    throw new BadData("NT_PRSTATUS", 0, $"more than {Limits.CoreThreads} threads");
                _notes.ThreadList.Add(CoreNoteContent.Thread(content));
                break;
            case PrPsInfo:
                _notes.Process ??= CoreNoteContent.Process(content);
                break;
            case Auxiliary:
                _notes.Auxiliary ??= AuxiliaryVector.Parse(content);
                _notes.AuxiliaryBytes = content;
                break;
            case File:
                if (_notes.Files.Count == 0)
                    _notes.Files = CoreNoteContent.Files(content);
                break;
            case SigInfo:
                // The kernel writes one, behind the first thread's NT_PRSTATUS; gdb one behind that of each thread.
                if (_notes.ThreadList is [.., var last])
                    last.Information ??= CoreNoteContent.Signal(content);
                break;
        }
    }
}
