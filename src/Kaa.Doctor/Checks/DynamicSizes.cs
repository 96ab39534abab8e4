using System.Buffers.Binary;
using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Doctor.Checks;

/// <summary>The entries of a dynamic section that no loader changes: sizes and counts. Two builds seldom agree in all of them.</summary>
internal static class DynamicSizes
{
    private const int EntrySize = 16;

    // DT_PLTRELSZ, DT_RELASZ, DT_STRSZ, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ, DT_VERNEEDNUM, DT_VERDEFNUM, DT_RELACOUNT (System V ABI; elf/elf.h of glibc).
    private static readonly Dictionary<ulong, string> Names = new()
    {
        [2] = "PLTRELSZ", [8] = "RELASZ", [10] = "STRSZ", [27] = "INIT_ARRAYSZ", [28] = "FINI_ARRAYSZ",
        [0x6fffffff] = "VERNEEDNUM", [0x6ffffffd] = "VERDEFNUM", [0x6ffffff9] = "RELACOUNT",
    };

    /// <summary>What differs, for a person; null where nothing does, or nothing can be compared.</summary>
    public static string? Difference(ElfImage image, IMemory memory, ElfFile file)
    {
        Dictionary<ulong, ulong>? loaded = Read(image.ProgramHeaders, header =>
        {
            byte[] bytes = new byte[(int)Math.Min(header.MemorySize, EntrySize * (ulong)Limits.ElfDynamicEntries)];
            return bytes.AsMemory(0, memory.Read(image.At(header.VirtualAddress), bytes));
        });
        Dictionary<ulong, ulong>? stored = Read(file.ProgramHeaders, header =>
        {
            byte[] bytes = new byte[(int)Math.Min(header.FileSize, EntrySize * (ulong)Limits.ElfDynamicEntries)];
            return bytes.AsMemory(0, file.Read(checked((long)header.Offset), bytes));
        });
        if (stored is null)
            return null;
        if (loaded is null)
            return "no dynamic section lies in memory where the file's headers say";
        foreach ((ulong tag, string name) in Names)
        {
            ulong before = loaded.GetValueOrDefault(tag);
            ulong now = stored.GetValueOrDefault(tag);
            if (before != now)
                return string.Create(CultureInfo.InvariantCulture, $"DT_{name} is {before} in memory and {now} in the file");
        }

        return null;
    }

    private static Dictionary<ulong, ulong>? Read(IReadOnlyList<ElfProgramHeader> headers, Func<ElfProgramHeader, ReadOnlyMemory<byte>> read)
    {
        foreach (ElfProgramHeader header in headers)
        {
            if (header.Type != ElfSegmentType.Dynamic)
                continue;
            ReadOnlySpan<byte> bytes = read(header).Span;
            var values = new Dictionary<ulong, ulong>();
            for (int at = 0; at + EntrySize <= bytes.Length; at += EntrySize)
            {
                ulong tag = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
                if (tag == 0)
                    return values;
                if (Names.ContainsKey(tag))
                    values[tag] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 8)..]);
            }
        }

        return null;
    }
}
