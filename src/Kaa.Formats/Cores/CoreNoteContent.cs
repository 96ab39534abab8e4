using System.Runtime.InteropServices;
using Kaa.Formats.ProcText;

namespace Kaa.Formats.Cores;

/// <summary>The contents of notes of 64-bit Linux, which all architectures share but for the registers.</summary>
internal static class CoreNoteContent
{
    /// <summary>Offset of pr_reg in struct elf_prstatus (include/linux/elfcore.h); pr_fpvalid and its padding follow it.</summary>
    private const int RegistersOffset = 112;
    private const int AfterRegisters = 8;

    /// <summary>Offset of pr_psargs in struct elf_prpsinfo, and its length.</summary>
    private const int ArgumentsOffset = 56;
    private const int ArgumentsLength = 80;
    private const int NameOffset = 40;
    private const int NameLength = 16;

    private const int FileEntrySize = 24;

    /// <summary>pr_cursig at 12, pr_pid at 32.</summary>
    public static CoreThread Thread(ReadOnlySpan<byte> note)
    {
        if (note.Length < RegistersOffset + AfterRegisters)
            throw new BadData("NT_PRSTATUS", note.Length, "the note is too short");
        ReadOnlySpan<byte> registers = note[RegistersOffset..^AfterRegisters];
        int signal = note[12] | (note[13] << 8);
        return new CoreThread(note.Int32At(32), signal, MemoryMarshal.Cast<byte, ulong>(registers).ToArray());
    }

    /// <summary>pr_pid at 24.</summary>
    public static CoreProcess Process(ReadOnlySpan<byte> note)
    {
        if (note.Length < ArgumentsOffset + ArgumentsLength)
            throw new BadData("NT_PRPSINFO", note.Length, "the note is too short");
        return new CoreProcess(note.Int32At(24), Text(note.Slice(NameOffset, NameLength)), Text(note.Slice(ArgumentsOffset, ArgumentsLength)));
    }

    /// <summary>si_signo, si_errno, si_code, padding, si_addr.</summary>
    public static CoreSignal Signal(ReadOnlySpan<byte> note)
    {
        if (note.Length < 24)
            throw new BadData("NT_SIGINFO", note.Length, "the note is too short");
        return new CoreSignal(note.Int32At(0), note.Int32At(8), note.PointerAt(16));
    }

    /// <summary>Count, page size; start, end and page offset of each; their paths (fill_files_note, fs/binfmt_elf.c).</summary>
    public static List<CoreFileMapping> Files(ReadOnlySpan<byte> note)
    {
        var reader = new SpanReader(note, "NT_FILE");
        ulong count = reader.U64();
        ulong pageSize = reader.U64();
        if (count > (ulong)reader.Remaining / FileEntrySize)
            throw new BadData("NT_FILE", 0, $"{count} entries do not fit into {note.Length} bytes");
        ReadOnlySpan<byte> entries = reader.Take((int)count * FileEntrySize);
        var files = new List<CoreFileMapping>((int)count);
        ReadOnlySpan<byte> lastName = default;
        string path = "";
        ulong end = 0;
        for (int i = 0; i < (int)count; i++)
        {
            ReadOnlySpan<byte> entry = entries.Slice(i * FileEntrySize, FileEntrySize);
            ReadOnlySpan<byte> name = reader.CString();
            if (entry.PointerAt(0) < end || entry.PointerAt(8) <= entry.PointerAt(0))
                throw new BadData("NT_FILE", i * FileEntrySize, "ranges must ascend");
            end = entry.PointerAt(8);
            path = name.SequenceEqual(lastName) && i > 0 ? path : ProcReader.Decode(name);
            lastName = name;
            files.Add(new CoreFileMapping(entry.AddressAt(0), entry.AddressAt(8), unchecked(entry.PointerAt(16) * pageSize), path));
        }

        return files;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return ProcReader.Decode(end < 0 ? field : field[..end]);
    }
}
